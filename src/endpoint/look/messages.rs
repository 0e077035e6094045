//! The messages of the pages: one field each, so that a template which names one that is not there does not compile.
//!
//! A file of a language has each field as a key; a plural has a key for each of its forms (`months.one`,
//! `months.other`). `languages/en.json` is the reference: what each says, and with which placeholders.

use std::{collections::BTreeMap, fmt, sync::Arc};

use serde::{Serialize, Serializer};

/// A text with placeholders in braces, such as `{date}`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Wording(Arc<str>);

impl Wording {
    /// The text as it stands.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text with its placeholders replaced. One that `values` does not name stays; values are never read for
    /// placeholders themselves.
    #[must_use]
    pub fn fill(&self, values: &[(&str, &str)]) -> String {
        let mut filled = String::with_capacity(self.0.len().saturating_add(32));
        let mut rest = &*self.0;
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let known = after.split_once('}').and_then(|(name, behind)| {
                values.iter().find(|(known, _)| *known == name).map(|(_, value)| (value, behind))
            });
            match known {
                Some((value, behind)) => {
                    filled.push_str(value);
                    rest = behind;
                }
                None => {
                    filled.push('{');
                    rest = after;
                }
            }
        }
        filled.push_str(rest);
        filled
    }

    /// The names of its placeholders, sorted.
    pub(super) fn placeholders(&self) -> Vec<&str> {
        let mut names: Vec<_> =
            self.0.split('{').skip(1).filter_map(|part| part.split_once('}').map(|(name, _)| name)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

impl From<String> for Wording {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Wording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Wording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl Serialize for Wording {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// A text that depends on a number, which stands for `{n}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plural {
    forms: [Option<Wording>; PluralForm::ALL.len()],
}

/// The forms of a plural (Unicode CLDR's names).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PluralForm {
    Zero,
    One,
    Two,
    Few,
    Many,
    Other,
}

impl PluralForm {
    const ALL: [(&'static str, Self); 6] = [
        ("zero", Self::Zero),
        ("one", Self::One),
        ("two", Self::Two),
        ("few", Self::Few),
        ("many", Self::Many),
        ("other", Self::Other),
    ];
}

impl Plural {
    /// The text of a form; of *other*, where the language has no text for the form.
    pub(super) fn form(&self, form: PluralForm) -> Option<&Wording> {
        let text = |form: PluralForm| self.forms.get(form as usize).and_then(Option::as_ref);
        text(form).or_else(|| text(PluralForm::Other))
    }

    fn form_mut(&mut self, name: &str) -> Option<&mut Option<Wording>> {
        let (_, form) = PluralForm::ALL.iter().find(|(known, _)| *known == name)?;
        self.forms.get_mut(*form as usize)
    }

    fn texts(&self) -> impl Iterator<Item = (&'static str, &Wording)> {
        PluralForm::ALL.iter().zip(&self.forms).filter_map(|((name, _), text)| text.as_ref().map(|text| (*name, text)))
    }
}

macro_rules! messages {
    (texts: $($text:ident)*; plurals: $($plural:ident)*;) => {
        /// The messages of one language. What each says in English stands in `src/endpoint/languages/en.json`.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Messages {
            $(#[doc = concat!("`", stringify!($text), "`")] pub $text: Wording,)*
            $(#[doc = concat!("`", stringify!($plural), "`, by number")] pub $plural: Plural,)*
        }

        impl Messages {
            /// Sets a message; whether there is one of this key.
            pub(super) fn set(&mut self, key: &str, text: Wording) -> bool {
                match key {
                    $(stringify!($text) => { self.$text = text; true })*
                    _ => self.set_plural(key, text),
                }
            }

            fn set_plural(&mut self, key: &str, text: Wording) -> bool {
                let Some((name, form)) = key.split_once('.') else { return false };
                let plural = match name {
                    $(stringify!($plural) => &mut self.$plural,)*
                    _ => return false,
                };
                plural.form_mut(form).map(|place| *place = Some(text)).is_some()
            }

            /// Removes the forms of a plural, before another language's are set: its grammar differs.
            pub(super) fn clear_plural(&mut self, key: &str) {
                match key.split_once('.').map(|(name, _)| name) {
                    $(Some(stringify!($plural)) => self.$plural = Plural::default(),)*
                    _ => {}
                }
            }

            /// Every text with its key.
            pub(super) fn texts(&self) -> BTreeMap<String, &Wording> {
                let mut texts = BTreeMap::new();
                $(texts.insert(stringify!($text).to_owned(), &self.$text);)*
                $(texts.extend(self.$plural.texts().map(|(form, text)| (format!("{}.{form}", stringify!($plural)), text)));)*
                texts
            }
        }
    };
}

messages! {
    texts:
        settings_title opt_out_title footer_label banner_title banner_intro banner_intro_plain banner_intro_opt_out
        essential_stays any_time lifetimes lifetimes_refusal_stays accept_all reject_all choose save withdraw
        opt_out_button opt_out_intro opt_out_honoured and comma ask_expired ask_outdated ask_new ask_unreadable
        reason_signal reason_signal_closed reason_narrowed reason_expired reason_outdated reason_new reason_unreadable
        reason_exempt reason_opt_out signals_title signals_none signal_honoured signal_overridden signal_ignored
        signal_stores_nothing signal_dnt_zero settings_intro decided_on not_decided nothing_optional always_on
        own_switch provider transfers service lifetime provider_policy all_cookies
        about_title controller contact recipients_label duration_label proof_label proof_kept revision_label revision
        revision_on privacy_policy imprint essential_label essential_purpose functional_label functional_purpose
        analytics_label analytics_purpose marketing_label marketing_purpose cookies_title cookies_intro
        cookies_intro_plain cookies_none statements_title lifetime_unstated this_site consent_cookie_purpose
        token_cookie_purpose
        update_title update_ask update_note update_known revisions_title revision_material revision_notice
        revision_current revision_unsaid notice_title understood go_on data_title data_intro data_choice
        data_decided data_granted data_refused data_nothing data_where data_in_cookie data_no_choice data_record
        data_no_record data_signed_in export_title export_text export_button erase_title erase_text erase_confirm
        erase_button object_title object_text object_button correct_title correct_text correct_button saved back
        to_settings cookies_disabled_title cookies_disabled_text confirm_title confirm_text confirm_yes confirm_no
        outdated_form closed_by_signal unavailable_title unavailable_text foreign_title foreign_text malformed_title
        malformed_text missing_title missing_text
        content_title content_text content_allow stranger_title stranger_text foreign_request_text received_title received_erase received_object received_correct date
        date_first_day january february march april may june july august september october november december;
    plurals: recipients months days hours minutes seconds;
}

impl Serialize for Messages {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.texts())
    }
}
