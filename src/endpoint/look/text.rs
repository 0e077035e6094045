//! The text of a view, as a visitor reads it: what the proof of a choice keeps.
//!
//! It is taken from the very HTML that is shown, so that it cannot say anything else, also where an application renders
//! the view itself.

/// The plain text of HTML that this crate's templates, or an application's, wrote. A line for each block; a checkbox is
/// `[x]` or `[ ]`. Linear in the length.
pub(super) fn plain_text(html: &str) -> String {
    let mut text = Lines::default();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        text.push(before);
        let (tag, behind) = split_tag(after);
        rest = behind;
        let name = tag.split(|end: char| end.is_ascii_whitespace() || end == '/').find(|part| !part.is_empty());
        match name.unwrap_or_default().to_ascii_lowercase().as_str() {
            hidden @ ("svg" | "script" | "style" | "template") if !tag.starts_with('/') => {
                rest = after_end(rest, hidden);
            }
            "a" | "strong" | "span" | "bdi" | "code" | "time" | "em" | "b" | "i" | "dd" => text.push(" "),
            "input" if has_attribute(tag, "checkbox") => {
                text.push(if has_attribute(tag, "checked") { " [x] " } else { " [ ] " });
            }
            "input" => {}
            _ => text.end_line(),
        }
    }
    text.push(rest);
    text.finish()
}

/// What stands in a tag, and what stands behind it. A `>` in a quoted value does not end it.
fn split_tag(html: &str) -> (&str, &str) {
    let mut quote = None;
    for (at, next) in html.char_indices() {
        match (quote, next) {
            (None, '>') => {
                return html
                    .split_at_checked(at)
                    .map_or((html, ""), |(tag, rest)| (tag, rest.get(1..).unwrap_or_default()));
            }
            (None, '"' | '\'') => quote = Some(next),
            (Some(open), _) if open == next => quote = None,
            _ => {}
        }
    }
    (html, "")
}

fn after_end<'h>(html: &'h str, name: &str) -> &'h str {
    let end = format!("</{name}");
    html.split_once(end.as_str()).and_then(|(_, rest)| rest.split_once('>')).map_or("", |(_, rest)| rest)
}

/// Whether a word stands in a tag as an attribute or a value.
fn has_attribute(tag: &str, word: &str) -> bool {
    tag.split(|end: char| end.is_ascii_whitespace() || matches!(end, '=' | '"' | '\'' | '/')).any(|part| part == word)
}

/// Lines without blanks at their ends, without empty ones.
#[derive(Default)]
struct Lines {
    done: String,
    line: String,
}

impl Lines {
    fn push(&mut self, text: &str) {
        self.line.push_str(text);
    }

    fn end_line(&mut self) {
        let line = decode(&std::mem::take(&mut self.line));
        let words: Vec<_> = line.split_whitespace().collect();
        if !words.is_empty() {
            self.done.push_str(&words.join(" "));
            self.done.push('\n');
        }
    }

    fn finish(mut self) -> String {
        self.end_line();
        self.done
    }
}

/// The references that escaping writes.
fn decode(text: &str) -> String {
    const REFERENCES: [(&str, &str); 8] = [
        ("&#60;", "<"),
        ("&lt;", "<"),
        ("&#62;", ">"),
        ("&gt;", ">"),
        ("&#34;", "\""),
        ("&quot;", "\""),
        ("&#39;", "'"),
        // Last, so that nothing is decoded twice.
        ("&#38;", "&"),
    ];
    REFERENCES.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to)).replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_what_is_read() {
        for (html, text) in [
            ("", ""),
            ("plain", "plain\n"),
            ("<p>One  <b>two</b>\n three</p><p></p><p>four</p>", "One two three\nfour\n"),
            ("<p title=\"a > b\">seen</p>", "seen\n"),
            ("a<svg><path d=\"x\"/></svg>b<script>no()</script>", "ab\n"),
            ("<label>On <input type=\"checkbox\" name=x checked></label>", "On [x]\n"),
            ("<label>Off <input type=\"checkbox\" data-x='checkedx'></label>", "Off [ ]\n"),
            ("<input type=\"hidden\" value=\"no\">", ""),
            ("&#60;b&#62; &#38;#60; &amp;amp;", "<b> &#60; &amp;\n"),
            ("<p", ""),
            ("<svg>never ends", ""),
        ] {
            assert_eq!(plain_text(html), text, "{html:?}");
        }
    }
}
