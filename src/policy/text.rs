//! Texts for visitors, in as many languages as the site has.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

/// A text for visitors, in one language or in several.
///
/// In a file it is a string, or a table of languages: `purpose = { en = "Counts visits", de = "Zählt Besuche" }`. A
/// visitor whose language it lacks reads the English one, and without that the first by the language's name.
///
/// ```
/// use tower_consent::Text;
///
/// let purpose = Text::new("Counts visits").with("de", "Zählt Besuche").with("de-CH", "Zählt die Besuche");
/// assert_eq!(purpose.in_language("de-AT"), "Zählt Besuche");
/// assert_eq!(purpose.in_language("de-ch"), "Zählt die Besuche");
/// assert_eq!(purpose.in_language("fr"), "Counts visits");
/// ```
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Form", into = "Form")]
pub struct Text {
    fallback: Box<str>,
    // Language tags in lower case; no duplicates.
    others: Vec<(Box<str>, Box<str>)>,
}

impl Text {
    /// A text for everybody whose language has no other one.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self { fallback: text.into(), others: Vec::new() }
    }

    /// With this text for a language (BCP 47: `de`, `pt-BR`). The last one of a language counts.
    #[must_use]
    pub fn with(mut self, language: &str, text: impl Into<Box<str>>) -> Self {
        let language = language.to_ascii_lowercase().into_boxed_str();
        self.others.retain(|(known, _)| *known != language);
        self.others.push((language, text.into()));
        self
    }

    /// The text for a visitor of this language: of the language itself, of a shorter form of it (`de` for `de-CH`;
    /// RFC 4647 section 3.4), or the one for everybody else.
    #[must_use]
    pub fn in_language(&self, language: &str) -> &str {
        let mut range = language;
        loop {
            if let Some((_, text)) = self.others.iter().find(|(known, _)| known.eq_ignore_ascii_case(range)) {
                return text;
            }
            match range.rsplit_once('-') {
                Some((shorter, _)) => range = shorter,
                None => return &self.fallback,
            }
        }
    }

    /// Whether there is nothing to read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fallback.is_empty() && self.others.iter().all(|(_, text)| text.is_empty())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.fallback)
    }
}

/// The two forms of a text in a file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a text, or a table of languages and texts")]
enum Form {
    One(String),
    Many(BTreeMap<String, String>),
}

impl From<Form> for Text {
    fn from(form: Form) -> Self {
        match form {
            Form::One(text) => Self::new(text),
            Form::Many(texts) => {
                let fallback = texts.get("en").or_else(|| texts.values().next()).cloned().unwrap_or_default();
                texts.into_iter().fold(Self::new(fallback), |text, (language, other)| text.with(&language, other))
            }
        }
    }
}

impl From<Text> for Form {
    fn from(text: Text) -> Self {
        if text.others.is_empty() {
            return Self::One(text.fallback.into());
        }
        let mut texts: BTreeMap<String, String> =
            text.others.into_iter().map(|(language, other)| (language.into(), other.into())).collect();
        texts.entry("en".to_owned()).or_insert_with(|| text.fallback.into());
        Self::Many(texts)
    }
}
