//! A language of the pages: its tag, its direction, and all messages.
//!
//! English, German, French, Spanish and Arabic are built in. An application replaces single messages, or adds a language;
//! what it leaves out is English.

use std::{collections::BTreeMap, error::Error, fmt, sync::LazyLock};

use serde::{Deserialize, Serialize, de};

use super::messages::Messages;

/// A language of the pages.
///
/// ```
/// use tower_consent::Language;
///
/// let german = Language::built_in("de").expect("it is").replace("accept_all", "Alles erlauben")?;
/// assert_eq!(german.messages().accept_all.as_str(), "Alles erlauben");
/// assert!(german.clone().replace("acept_all", "").is_err());
///
/// // From any serde format; what is left out is English.
/// let dutch: Language = serde_json::from_str(
///     r#"{"tag": "nl", "messages": {"accept_all": "Alles accepteren", "days.one": "{n} dag", "days.other": "{n} dagen"}}"#,
/// )?;
/// assert_eq!(dutch.messages().reject_all.as_str(), "Reject all");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The keys are the fields of [`Messages`]; a plural has a key for each form, named as in Unicode CLDR (`days.one`,
/// `days.few`, `days.other`). Which form a number takes is known for Arabic, Bosnian, Chinese, Croatian, Czech, French,
/// Hebrew, Indonesian, Japanese, Korean, Polish, Portuguese, Russian, Serbian, Slovak, Thai, Ukrainian and Vietnamese; elsewhere *one* is
/// 1, and the rest is *other*.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Language {
    tag: Box<str>,
    direction: Direction,
    messages: Messages,
}

/// The direction in which a language is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Direction {
    /// From the left to the right.
    #[default]
    Ltr,
    /// From the right to the left.
    Rtl,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ltr => "ltr",
            Self::Rtl => "rtl",
        })
    }
}

/// A language in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    tag: String,
    #[serde(default)]
    direction: Direction,
    #[serde(default)]
    messages: BTreeMap<String, String>,
}

pub(super) const FILES: [&str; 5] = [
    include_str!("../languages/en.json"),
    include_str!("../languages/de.json"),
    include_str!("../languages/fr.json"),
    include_str!("../languages/es.json"),
    include_str!("../languages/ar.json"),
];

static BUILT_IN: LazyLock<Vec<Language>> = LazyLock::new(|| {
    let mut languages: Vec<Language> = Vec::with_capacity(FILES.len());
    for file in FILES {
        let english = languages.first().map(|english| english.messages.clone()).unwrap_or_default();
        // The tests read every file: none is left out here.
        languages.extend(serde_json::from_str(file).ok().and_then(|form| from_form(form, english).ok()));
    }
    languages
});

fn from_form(form: Form, base: Messages) -> Result<Language, LanguageError> {
    check_tag(&form.tag)?;
    let language = Language { tag: form.tag.into(), direction: form.direction, messages: base };
    let language = form.messages.keys().fold(language, |mut language, key| {
        language.messages.clear_plural(key);
        language
    });
    form.messages.into_iter().try_fold(language, |language, (key, text)| language.set(&key, text))
}

/// Letters, digits and hyphens: what can stand in `lang` and be compared with a range.
fn check_tag(tag: &str) -> Result<(), LanguageError> {
    let is_subtag = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let fits = tag.len() <= 35 && tag.split('-').all(is_subtag);
    fits.then_some(()).ok_or_else(|| LanguageError(format!("{tag:?} is not a language tag, as `en` or `pt-BR` are")))
}

impl Language {
    /// A language whose messages are English until they are replaced.
    ///
    /// # Errors
    ///
    /// A tag that is not a language tag.
    pub fn new(tag: &str, direction: Direction) -> Result<Self, LanguageError> {
        from_form(Form { tag: tag.to_owned(), direction, messages: BTreeMap::new() }, Self::english().messages.clone())
    }

    /// One of the built-in languages: `en`, `de`, `fr`, `es`, `ar`.
    #[must_use]
    pub fn built_in(tag: &str) -> Option<Self> {
        Self::all_built_in().iter().find(|language| language.tag.eq_ignore_ascii_case(tag)).cloned()
    }

    pub(super) fn all_built_in() -> &'static [Self] {
        &BUILT_IN
    }

    pub(crate) fn english() -> &'static Self {
        static NONE: LazyLock<Language> =
            LazyLock::new(|| Language { tag: "en".into(), direction: Direction::Ltr, messages: Messages::default() });
        BUILT_IN.first().unwrap_or(&NONE)
    }

    /// Replaces a message.
    ///
    /// # Errors
    ///
    /// A key that no message has, and a placeholder that the message does not know.
    pub fn replace(self, key: &str, text: impl Into<String>) -> Result<Self, LanguageError> {
        self.set(key, text.into())
    }

    fn set(mut self, key: &str, text: String) -> Result<Self, LanguageError> {
        let wording = text.into();
        let known = Self::known_placeholders(key);
        if let Some(known) = &known
            && let Some(unknown) =
                super::messages::Wording::placeholders(&wording).iter().find(|name| !known.contains(*name))
        {
            let tag = &self.tag;
            return Err(LanguageError(format!(
                "language {tag}, message {key:?}: no value for {{{unknown}}}, only for {known:?}"
            )));
        }
        let tag = self.tag.clone();
        if self.messages.set(key, wording) {
            Ok(self)
        } else {
            Err(LanguageError(format!("language {tag}: there is no message {key:?}")))
        }
    }

    /// The placeholders that a message can use; `None` while English itself is read.
    fn known_placeholders(key: &str) -> Option<Vec<&'static str>> {
        if key.contains('.') {
            return Some(vec!["n"]);
        }
        let file = ENGLISH_PLACEHOLDERS.get(key)?;
        Some(file.iter().map(String::as_str).collect())
    }

    /// The language's tag (BCP 47).
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The direction in which it is written.
    #[must_use]
    pub const fn direction(&self) -> Direction {
        self.direction
    }

    /// Its messages.
    #[must_use]
    pub const fn messages(&self) -> &Messages {
        &self.messages
    }
}

/// Read from the file itself, since English is checked by it too.
static ENGLISH_PLACEHOLDERS: LazyLock<BTreeMap<String, Vec<String>>> = LazyLock::new(|| {
    let form: Option<Form> = FILES.first().and_then(|file| serde_json::from_str(file).ok());
    let messages = form.map(|form| form.messages).unwrap_or_default();
    let names = |text: String| {
        let wording: super::messages::Wording = text.into();
        wording.placeholders().into_iter().map(str::to_owned).collect()
    };
    messages.into_iter().map(|(key, text)| (key, names(text))).collect()
});

impl<'de> Deserialize<'de> for Language {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let form = Form::deserialize(deserializer)?;
        from_form(form, Self::english().messages.clone()).map_err(de::Error::custom)
    }
}

/// What is wrong with a language: its tag, a key that no message has, a placeholder that a message does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LanguageError(pub(super) String);

impl fmt::Display for LanguageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for LanguageError {}
