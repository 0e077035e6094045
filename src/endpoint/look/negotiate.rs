//! Which language a visitor reads.
//!
//! 1. `Accept-Language` is read by RFC 9110 section 12.5.4: ranges with a quality, the highest first, equal ones in
//!    their order; what is not well-formed is passed over, and quality 0 excludes.
//! 2. A range is looked up by RFC 4647 section 3.4: `de-CH` finds `de-CH`, then `de`. `*` finds the fallback, unless that
//!    is excluded.
//! 3. At most 1 KiB is read, so that the work is bounded.

use super::language::{Language, LanguageError};

/// The bytes of `Accept-Language` that are read. Browsers send less than a hundred.
const MAX_HEADER: usize = 1024;

/// The languages of the pages, and the one for everybody else.
///
/// ```
/// use tower_consent::{Language, Languages};
///
/// let dutch = Language::new("nl", Default::default())?.replace("accept_all", "Alles accepteren")?;
/// let languages = Languages::default().with(dutch).falling_back_to("de")?;
/// assert_eq!(languages.negotiate("nl-BE, en;q=0.5").tag(), "nl");
/// assert_eq!(languages.negotiate("ja").tag(), "de");
/// # Ok::<(), tower_consent::LanguageError>(())
/// ```
///
/// # Defaults
///
/// English, German, French, Spanish and Arabic; English for everybody else.
#[derive(Clone, Debug)]
pub struct Languages {
    /// The fallback first.
    all: Vec<Language>,
}

impl Default for Languages {
    fn default() -> Self {
        Self { all: Language::all_built_in().to_vec() }
    }
}

impl Languages {
    /// Adds a language, or puts it in the place of the one with its tag.
    #[must_use]
    pub fn with(mut self, language: Language) -> Self {
        match self.all.iter_mut().find(|known| known.tag().eq_ignore_ascii_case(language.tag())) {
            Some(place) => *place = language,
            None => self.all.push(language),
        }
        self
    }

    /// The language of visitors whose own ones are not there.
    ///
    /// # Errors
    ///
    /// A language that is not among these.
    pub fn falling_back_to(mut self, tag: &str) -> Result<Self, LanguageError> {
        let place = self.all.iter().position(|known| known.tag().eq_ignore_ascii_case(tag));
        let place = place.ok_or_else(|| LanguageError(format!("there is no language {tag:?} to fall back to")))?;
        if let Some(part) = self.all.get_mut(..=place) {
            part.rotate_right(1);
        }
        Ok(self)
    }

    /// The language of exactly this tag, without regard to case.
    #[must_use]
    pub fn find(&self, tag: &str) -> Option<&Language> {
        self.all.iter().find(|language| language.tag().eq_ignore_ascii_case(tag))
    }

    /// The language for this `Accept-Language`. Never fails: for what cannot be read, the fallback.
    #[must_use]
    pub fn negotiate(&self, accept_language: impl AsRef<[u8]>) -> &Language {
        let header = accept_language.as_ref();
        let ranges = || parse(header);
        let is_excluded = |language: &Language| {
            ranges().any(|(range, quality)| quality == 0 && language.tag().eq_ignore_ascii_case(range))
        };
        let mut best: Option<(u16, &Language)> = None;
        for (range, quality) in ranges().filter(|(_, quality)| *quality > 0) {
            if best.is_some_and(|(known, _)| known >= quality) {
                continue;
            }
            let found = match range {
                "*" => self.all.iter().find(|language| !is_excluded(language)),
                range => self.look_up(range).filter(|language| !is_excluded(language)),
            };
            best = found.map(|language| (quality, language)).or(best);
        }
        best.map_or_else(|| self.fallback(), |(_, language)| language)
    }

    /// The language of visitors whose own ones are not there.
    #[must_use]
    pub fn fallback(&self) -> &Language {
        self.all.first().unwrap_or_else(|| Language::english())
    }

    fn look_up(&self, range: &str) -> Option<&Language> {
        let mut range = range;
        loop {
            if let Some(language) = self.find(range) {
                return Some(language);
            }
            (range, _) = range.rsplit_once('-')?;
            // A single letter or digit introduces what was just cut off.
            if let Some((shorter, single)) = range.rsplit_once('-')
                && single.len() == 1
            {
                range = shorter;
            }
        }
    }
}

/// The well-formed ranges with their quality in thousandths.
fn parse(header: &[u8]) -> impl Iterator<Item = (&str, u16)> {
    let (header, is_cut) = header.get(..MAX_HEADER).map_or((header, false), |start| (start, header.len() > MAX_HEADER));
    let members = header.split(|byte| *byte == b',');
    // Of a header that was cut, the last member may be half of one.
    let whole = members.clone().count().saturating_sub(usize::from(is_cut));
    members.take(whole).filter_map(member)
}

fn member(bytes: &[u8]) -> Option<(&str, u16)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut parts = text.split(';').map(|part| part.trim_matches([' ', '\t']));
    let range = parts.next()?;
    let is_subtag = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if range != "*" && !range.split('-').all(is_subtag) {
        return None;
    }
    let quality = match parts.next() {
        None => 1000,
        Some(weight) => quality(weight.strip_prefix(['q', 'Q'])?.strip_prefix('=')?)?,
    };
    parts.next().is_none().then_some((range, quality))
}

/// `0`, `1`, or up to three digits behind a point, in thousandths.
fn quality(text: &str) -> Option<u16> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    if rest.len() > 3 || !rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths = format!("{rest:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_language_that_is_there_is_found() {
        let languages = Languages::default();
        for (header, tag) in [
            ("", "en"),
            ("de", "de"),
            ("DE-ch", "de"),
            ("de-Latn-CH-1996", "de"),
            ("de-a-x-y", "de"),
            ("en;q=0.3, fr;q=0.7", "fr"),
            ("en;q=0.7, fr;q=0.7", "en"),
            ("ja, fr;q=0.2", "fr"),
            ("ja", "en"),
            ("*", "en"),
            ("ja, *;q=0.5", "en"),
            ("en;q=0, *", "de"),
            ("de;q=0", "en"),
            ("de;q=0, de-CH", "en"),
            ("es;q=0.001", "es"),
            ("es;q=1.000, de", "es"),
            ("de;q=1.001, fr", "fr"),
            ("de;q=0.1234, fr;q=0.1", "fr"),
            ("de;q=, fr", "fr"),
            ("de;q=-1, fr", "fr"),
            ("de;level=1, fr;q=0.1", "fr"),
            ("de;q=1;q=1, fr;q=0.1", "fr"),
            (" ar\t;\tq=0.9 ,, ;, -, de-, -de", "ar"),
            ("deutsch-ist-zulangeingestellt, fr", "fr"),
            ("d\u{e9}, fr", "fr"),
        ] {
            assert_eq!(languages.negotiate(header).tag(), tag, "{header:?}");
        }
        assert_eq!(languages.negotiate(b"de\xff, \xff, fr").tag(), "fr");
    }

    #[test]
    fn no_more_than_a_kibibyte_is_read() {
        let far = format!("{}de", "x,".repeat(MAX_HEADER / 2));
        assert_eq!(Languages::default().negotiate(far).tag(), "en");
        let cut = format!("{}de-CH-1996", " ".repeat(MAX_HEADER - 2));
        assert_eq!(Languages::default().negotiate(cut).tag(), "en", "half a member is none");
        let near = format!("de,{}", "x".repeat(10 * MAX_HEADER));
        assert_eq!(Languages::default().negotiate(near).tag(), "de");
    }

    #[test]
    fn an_own_language_and_an_own_fallback() {
        let languages = Languages::default().with(Language::new("pt-BR", Default::default()).unwrap());
        assert_eq!(languages.negotiate("pt-br").tag(), "pt-BR");
        assert_eq!(languages.negotiate("pt").tag(), "en", "a range finds itself and what is shorter (RFC 4647 3.4)");
        let languages = languages.falling_back_to("PT-BR").unwrap();
        assert_eq!(languages.negotiate("ja").tag(), "pt-BR");
        assert_eq!(languages.negotiate("de").tag(), "de");
        assert!(languages.falling_back_to("ja").unwrap_err().to_string().contains("ja"));
    }
}
