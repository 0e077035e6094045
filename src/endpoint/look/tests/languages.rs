//! Every language says everything, and what is wrong with one is said.

use std::collections::BTreeMap;

use crate::{
    endpoint::look::{Language, Wording, language},
    policy::Lifetime,
};

#[test]
fn every_language_is_complete() {
    let english = Language::english().messages().texts();
    assert_eq!(Language::all_built_in().len(), 5);
    for language in Language::all_built_in() {
        let texts = language.messages().texts();
        for (key, text) in &texts {
            assert!(!text.as_str().trim().is_empty(), "{}: {key}", language.tag());
        }
        let plain = |texts: &BTreeMap<String, &Wording>| -> Vec<(String, Vec<String>)> {
            let names = |text: &Wording| text.placeholders().into_iter().map(str::to_owned).collect();
            texts.iter().filter(|(key, _)| !key.contains('.')).map(|(key, text)| (key.clone(), names(text))).collect()
        };
        assert_eq!(plain(&texts), plain(&english), "{}", language.tag());
        // A copy of the English text would be a translation that nobody made. Some words are the same.
        let same = texts.iter().filter(|(key, text)| english.get(*key) == Some(text)).count();
        assert!(language.tag() == "en" || same < 12, "{}: {same} texts are English", language.tag());
    }
}

/// The file itself, since a language takes from English what it lacks.
#[test]
fn every_file_has_every_key() {
    let keys = |file: &str| -> Vec<String> {
        let value: serde_json::Value = serde_json::from_str(file).unwrap();
        value["messages"].as_object().unwrap().keys().filter(|key| !key.contains('.')).cloned().collect()
    };
    for file in language::FILES {
        assert_eq!(keys(file), keys(language::FILES[0]));
        serde_json::from_str::<Language>(file).unwrap();
    }
}

#[test]
fn spans_days_and_lists_are_written_in_the_language() {
    let language = |tag: &str| Language::built_in(tag).unwrap();
    for (tag, span, text) in [
        ("en", Lifetime::months(1), "1 month"),
        ("en", Lifetime::months(6), "6 months"),
        ("de", Lifetime::months(6), "6 Monate"),
        ("de", Lifetime::days(7), "7 Tage"),
        ("fr", Lifetime::months(13), "13 mois"),
        ("fr", Lifetime::days(1), "1 jour"),
        ("es", Lifetime::months(1), "1 mes"),
        ("es", Lifetime::seconds(7200), "2 horas"),
        ("ar", Lifetime::months(1), "شهر واحد"),
        ("ar", Lifetime::months(2), "شهران"),
        ("ar", Lifetime::months(6), "6 أشهر"),
        ("ar", Lifetime::months(13), "13 شهرًا"),
        ("ar", Lifetime::days(100), "100 يوم"),
        ("ar", Lifetime::days(103), "103 أيام"),
        ("ar", Lifetime::days(400), "400 يوم"),
    ] {
        assert_eq!(language(tag).span(span), text, "{tag}");
    }
    let day = time::macros::date!(2026 - 08 - 01);
    for (tag, text) in [
        ("en", "1 August 2026"),
        ("de", "1. August 2026"),
        ("fr", "1er août 2026"),
        ("es", "1 de agosto de 2026"),
        ("ar", "1 أغسطس 2026"),
    ] {
        assert_eq!(language(tag).day(day), text);
    }
    for (items, text) in
        [(&[][..], ""), (&["a"], "a"), (&["a", "b"], "a und b"), (&["a", "b", "c", "{first}"], "a, b, c und {first}")]
    {
        assert_eq!(language("de").list(items.iter().copied()), text);
    }
    let polish: Language = serde_json::from_str(
        r#"{"tag": "pl", "messages": {"days.one": "{n} dzień", "days.few": "{n} dni", "days.many": "{n} dni"}}"#,
    )
    .unwrap();
    assert_eq!([1, 3, 14].map(|days| polish.span(Lifetime::days(days))), ["1 dzień", "3 dni", "14 dni"]);
    assert_eq!(polish.span(Lifetime::months(6)), "6 months", "what is left out is English");
}

#[test]
fn a_language_with_a_mistake_is_refused() {
    for (file, part) in [
        (r#"{"tag": "xx", "messages": {"acept_all": "x"}}"#, "acept_all"),
        (r#"{"tag": "xx", "messages": {"days.lots": "x"}}"#, "days.lots"),
        (r#"{"tag": "xx", "messages": {"decided_on": "{day}"}}"#, "{day}"),
        (r#"{"tag": "xx", "messages": {"days.one": "{number}"}}"#, "{number}"),
        (r#"{"tag": "x\"><", "messages": {}}"#, "language tag"),
        (r#"{"tag": "", "messages": {}}"#, "language tag"),
        (r#"{"tag": "xx", "message": {}}"#, "message"),
    ] {
        let error = serde_json::from_str::<Language>(file).unwrap_err().to_string();
        assert!(error.contains(part), "{file}: {error}");
    }
}
