//! The decoders held against strings of the IAB's own libraries, against a second decoder, and against noise.

mod limits;
mod naive;
mod properties;
mod writer;

use serde_json::Value;

use super::{Fault, gpp::Gpp, tcf::TcString, us_privacy};

/// Everything that a string says, asked through the face of the fast decoder.
fn ask_tcf(string: &TcString<'_>) -> naive::Tcf {
    let purposes = |has: &dyn Fn(u8) -> bool| (0..=u8::MAX).filter(|purpose| has(*purpose)).collect::<Vec<_>>();
    let vendors = |has: &dyn Fn(u16) -> bool| {
        (0..=u16::MAX).filter(|vendor| naive::is_asked(*vendor) && has(*vendor)).collect::<Vec<_>>()
    };
    naive::Tcf {
        created: string.created(),
        last_updated: string.last_updated(),
        cmp_id: string.cmp_id(),
        policy_version: string.policy_version(),
        is_service_specific: string.is_service_specific(),
        purposes: purposes(&|purpose| string.purpose_consent(purpose)),
        interest: purposes(&|purpose| string.purpose_legitimate_interest(purpose)),
        purpose_one_treatment: string.purpose_one_treatment(),
        country: string.publisher_country().map(|letters| letters.map(char::from).iter().collect()),
        vendors: vendors(&|vendor| string.vendor_consent(vendor)),
        disclosed: string.discloses(0).map(|_| vendors(&|vendor| string.discloses(vendor) == Some(true))),
        publisher: string
            .publisher_consent(0)
            .map(|_| purposes(&|purpose| string.publisher_consent(purpose) == Some(true))),
    }
}

fn ask_gpp(gpp: &Gpp<'_>) -> (Option<bool>, Option<bool>, bool) {
    (gpp.opts_out_of_sale_or_sharing(), gpp.gpc(), gpp.has_unread())
}

/// The cases of a table, and how many there are at least.
fn cases(table: &str, at_least: usize) -> Vec<Value> {
    let table: Value = serde_json::from_str(table).unwrap();
    let cases = table["cases"].as_array().unwrap().clone();
    assert!(cases.len() >= at_least);
    cases
}

fn value(case: &Value) -> &str {
    case["cookie"].as_str().unwrap().split_once('=').unwrap().1
}

fn ids<T: TryFrom<u64>>(list: &Value) -> Option<Vec<T>> {
    let list = list.as_array()?;
    Some(list.iter().map(|id| T::try_from(id.as_u64().unwrap()).ok().unwrap()).collect())
}

#[test]
fn tcf_strings_of_the_library_are_read() {
    for case in cases(include_str!("../../../tests/banners/values/iab-tcf.json"), 16) {
        let decoded = &case["decoded"];
        let string = TcString::parse(value(&case).as_bytes());
        if decoded["policy_version"] == 3 {
            assert_eq!(string.err(), Some(Fault::OldPolicy), "{}", case["name"]);
            continue;
        }
        let expected = naive::Tcf {
            created: decoded["created"].as_i64().unwrap(),
            last_updated: decoded["last_updated"].as_i64().unwrap(),
            cmp_id: u16::try_from(decoded["cmp_id"].as_u64().unwrap()).unwrap(),
            policy_version: u8::try_from(decoded["policy_version"].as_u64().unwrap()).unwrap(),
            is_service_specific: decoded["is_service_specific"].as_bool().unwrap(),
            purposes: ids(&decoded["purposes"]).unwrap(),
            interest: ids(&decoded["legitimate_interest"]).unwrap(),
            purpose_one_treatment: decoded["purpose_one_treatment"].as_bool().unwrap(),
            country: decoded["publisher_country"].as_str().map(str::to_owned),
            vendors: ids(&decoded["vendors"]).unwrap(),
            disclosed: ids(&decoded["disclosed"]),
            publisher: ids(&decoded["publisher"]),
        };
        assert_eq!(ask_tcf(&string.ok().unwrap()), expected, "{}", case["name"]);
        assert_eq!(naive::tcf(value(&case).as_bytes()), Ok(expected), "{}", case["name"]);
    }
}

#[test]
fn gpp_strings_of_the_library_are_read() {
    for case in cases(include_str!("../../../tests/banners/values/iab-gpp.json"), 90) {
        let (name, decoded) = (&case["name"], &case["decoded"]);
        let gpp = Gpp::parse(value(&case).as_bytes()).ok().unwrap();
        let expected = (decoded["opts_out"].as_bool(), decoded["gpc"].as_bool(), decoded["unread"].as_bool().unwrap());
        assert_eq!(ask_gpp(&gpp), expected, "{name}");
        let eu = gpp.tcf_eu().map(|string| ask_tcf(&string.ok().unwrap()));
        assert_eq!(eu.as_ref().map(|string| string.purposes.clone()), ids(&decoded["tcf_eu"]), "{name}");
        assert!(
            eu.is_none_or(|string| string.vendors == [1, 2, 3, 755] && string.last_updated == 1_795_305_600),
            "{name}"
        );
        let canada = gpp.tcf_canada().map(|section| section.ok().unwrap());
        let express = canada.map(|section| (0..=u8::MAX).filter(|purpose| section.express_consent(*purpose)).collect());
        assert_eq!(express, ids::<u8>(&decoded["tcf_canada"]), "{name}");
        assert!(canada.is_none_or(|section| section.last_updated() == 1_795_305_600), "{name}");
    }
}

/// The examples of the specification: the header alone, and padded as older writers do.
#[test]
fn headers_of_the_specification_are_read() {
    let string = "CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA";
    for (header, sections) in [
        ("DBABM", vec![string]),
        ("DBABMA", vec![string]),
        ("DBABMAAA", vec![string]),
        ("DBACNY", vec![string, "1YNN"]),
        ("DBACNYA", vec![string, "1YNN"]),
        ("DBABjw", vec![string, "1YNN"]),
        // Padding is not looked at: the IAB's library reads this too.
        ("DBABM___", vec![string]),
    ] {
        let text = format!("{header}~{}", sections.join("~"));
        let gpp = Gpp::parse(text.as_bytes()).ok().unwrap();
        assert_eq!(gpp.opts_out_of_sale_or_sharing(), (sections.len() == 2).then_some(false), "{text}");
        // Its policy version is 2.
        let eu = gpp.tcf_eu().map(|string| string.err());
        assert_eq!(eu, (header != "DBABjw").then_some(Some(Fault::OldPolicy)), "{text}");
        assert_eq!(gpp.tcf_canada().is_some(), header == "DBABjw");
    }
    for text in [
        "DBABM",
        "DBABM~",
        "DBABM~~",
        "DBAA~",
        "DBAA~1YNN",
        "DBACNY~1YNN",
        "DBABM~1~1",
        "DCABM~1",
        "CBABM~1",
        "DBAB~1",
        "D",
        "",
    ] {
        assert_eq!(Gpp::parse(text.as_bytes()).err(), Some(Fault::Malformed), "{text:?}");
    }
}

#[test]
fn what_is_no_tcf_string_of_today_is_told_apart() {
    for (text, fault) in [
        ("BOEFEAyOEFEAyAHABDENAI4AAAB9vABAASA", Fault::TcfV1),
        ("DBABM~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA", Fault::Gpp),
        ("CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA", Fault::OldPolicy),
        ("CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA=", Fault::Malformed),
        ("", Fault::Malformed),
        ("true", Fault::Malformed),
        ("C", Fault::Malformed),
    ] {
        assert_eq!(TcString::parse(text.as_bytes()).err(), Some(fault), "{text:?}");
    }
}

#[test]
fn us_privacy_is_read_in_both_forms() {
    let iubenda = |string: &str, date: &str| {
        let json = format!(
            r#"{{"uspString":"{string}","firstAcknowledgeDate":"2022-04-30T10:45:12.887Z","optOutDate":{date}}}"#
        );
        let encoded =
            json.replace('{', "%7B").replace('"', "%22").replace(':', "%3a").replace(',', "%2C").replace('}', "%7D");
        [json, encoded]
    };
    let out = r#""2022-04-30T10:45:12.887Z""#;
    let mut table = vec![
        ("1YNN".to_owned(), Some((Some(false), None))),
        ("1YYN".to_owned(), Some((Some(true), None))),
        ("1NYY".to_owned(), Some((Some(true), None))),
        ("1YN-".to_owned(), Some((Some(false), None))),
        ("1---".to_owned(), Some((None, None))),
        ("1yyn".to_owned(), Some((Some(true), None))),
    ];
    for text in [
        "", "1", "1YN", "1YNNN", "2YNN", "1YXN", "1XYN", "1YYX", "YYNN", "1YN N", "%31YYN%", "true", "{}", "[]", "%7",
        "%7B",
    ] {
        table.push((text.to_owned(), None));
    }
    for (string, date, expected) in [
        ("1YN-", "null", Some((Some(false), None))),
        ("1YY-", out, Some((Some(true), Some(1_651_315_512)))),
        ("1YY-", r#""2022-04-30T10:45:12Z""#, Some((Some(true), Some(1_651_315_512)))),
        // An objection without a time is one.
        ("1YY-", r#""yesterday""#, Some((Some(true), None))),
        ("1YY-", r#""2022-04-31T10:45:12.887Z""#, Some((Some(true), None))),
        ("1YY-", r#""2022-04-30T10:45:62.887Z""#, Some((Some(true), None))),
        ("1YY-", r#""2022-04-30T10:45:12.Z""#, Some((Some(true), None))),
        ("1YX-", out, None),
        ("1YY-", "7", None),
    ] {
        table.extend(iubenda(string, date).map(|text| (text, expected)));
    }
    table.push((r#"{"uspString":"1YY-"}"#.to_owned(), Some((Some(true), None))));
    table.push((format!(r#"{{"uspString":"1YY-","a":"{}"}}"#, "x".repeat(600)), None));
    for (text, expected) in table {
        let answer = us_privacy::parse(text.as_bytes()).map(|answer| (answer.opts_out_of_sale, answer.opted_out_at));
        assert_eq!(answer, expected, "{text}");
    }
}
