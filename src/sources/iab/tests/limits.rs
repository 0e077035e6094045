//! Strings that lie about their numbers.

use super::{
    super::{Fault, gpp::Gpp, tcf::TcString, us_privacy},
    writer::{Core, Vendors, Writer},
};

fn no_vendors() -> Vendors {
    Vendors { largest: 0, as_ranges: false, ranges: Vec::new() }
}

fn core() -> Core {
    Core {
        created: 1,
        updated: 1,
        cmp: 1,
        policy: 5,
        flags: (true, false),
        country: (3, 4),
        purposes: vec![1],
        interest: Vec::new(),
        vendors: no_vendors(),
        vendor_interest: no_vendors(),
        restrictions: Vec::new(),
    }
}

fn fault(text: &str) -> Option<Fault> {
    TcString::parse(text.as_bytes()).err()
}

#[test]
fn ranges_must_agree_with_themselves() {
    for (largest, ranges, is_sound) in [
        (755, vec![(1, 755)], true),
        (755, vec![(755, 755)], true),
        (755, vec![(10, 20), (5, 12), (5, 12)], true),
        (755, vec![], true),
        (0, vec![], true),
        (65535, vec![(1, 65535); 5], true),
        (755, vec![(20, 10)], false),
        (755, vec![(0, 10)], false),
        (755, vec![(0, 0)], false),
        (755, vec![(1, 756)], false),
        (755, vec![(756, 756)], false),
        (0, vec![(1, 1)], false),
    ] {
        let vendors = Vendors { largest, as_ranges: true, ranges };
        let consents = Core { vendors: vendors.clone(), ..core() }.writer().text(24);
        let interest = Core { vendor_interest: vendors.clone(), ..core() }.writer().text(24);
        let disclosed =
            format!("{}.{}", core().writer().text(8), Writer::default().number(1, 3).vendors(&vendors).text(8));
        for text in [consents, interest, disclosed] {
            assert_eq!(fault(&text).is_none(), is_sound, "{vendors:?} {text}");
        }
    }
    for (ranges, is_sound) in [(vec![(1, 65535)], true), (vec![], true), (vec![(2, 1)], false), (vec![(0, 1)], false)] {
        let restricted = Core { restrictions: vec![(1, ranges)], ..core() };
        assert_eq!(fault(&restricted.writer().text(24)).is_none(), is_sound);
    }
}

/// What ends before its last field is malformed; a bit less than the padding is not.
#[test]
fn a_string_that_is_cut_off_is_malformed() {
    let vendors = Vendors { largest: 40, as_ranges: false, ranges: vec![(1, 40)] };
    let ranges = Vendors { largest: 900, as_ranges: true, ranges: vec![(1, 900), (7, 7)] };
    let whole = Core { vendors, vendor_interest: ranges, restrictions: vec![(3, vec![(1, 2)]); 2], ..core() };
    let text = whole.writer().text(6);
    assert_eq!(fault(&text), None);
    for end in 0..text.len() {
        assert_eq!(fault(&text[..end]), Some(Fault::Malformed), "{end}");
    }
    let core = core().writer().text(6);
    let publisher = Writer::default().number(3, 3).flags(&[1], 24).flags(&[], 24).number(2, 6).bits("1111").text(6);
    assert_eq!(fault(&format!("{core}.{publisher}")), None);
    for end in 0..publisher.len() {
        assert_eq!(fault(&format!("{core}.{}", &publisher[..end])), Some(Fault::Malformed), "{end}");
    }
}

#[test]
fn segments_come_in_any_order_and_once() {
    let core = core().writer().text(24);
    let disclosed =
        Writer::default().number(1, 3).vendors(&Vendors { largest: 7, as_ranges: false, ranges: vec![(7, 7)] });
    let publisher = Writer::default().number(3, 3).flags(&[8], 24).flags(&[2], 24).number(0, 6);
    let (disclosed, publisher) = (disclosed.text(6), publisher.text(6));
    let other = |kind: u64| Writer::default().number(kind, 3).bits("111").text(6);
    for text in [
        format!("{core}.{disclosed}.{publisher}"),
        format!("{core}.{publisher}.{disclosed}"),
        format!("{core}.{}.{publisher}.{}.{disclosed}.{}", other(2), other(4), other(7)),
    ] {
        let string = TcString::parse(text.as_bytes()).ok().unwrap();
        assert_eq!(
            (string.discloses(7), string.discloses(6), string.discloses(8)),
            (Some(true), Some(false), Some(false))
        );
        assert_eq!((string.publisher_consent(8), string.publisher_consent(2)), (Some(true), Some(false)));
    }
    for text in [
        format!("{core}.{disclosed}.{disclosed}"),
        format!("{core}.{publisher}.{disclosed}.{publisher}"),
        format!("{core}.{}.{}", other(5), other(5)),
        format!("{core}.{core}"),
        format!("{core}.{}", other(0)),
        format!("{core}."),
        format!("{core}..{disclosed}"),
        format!("{disclosed}.{core}"),
        format!("{core}.*"),
    ] {
        assert_eq!(fault(&text), Some(Fault::Malformed), "{text}");
    }
}

#[test]
fn fibonacci_codes_end() {
    let header = |bits: Writer| bits.text(6);
    let one = || Writer::default().number(3, 6).number(1, 6).number(1, 12);
    let many = |sections: usize| "~1YYN".repeat(sections);
    for (text, is_sound) in [
        (header(one().bits("0").fibonacci(9)) + &many(1), true),
        (header(one().bits("0").fibonacci(65535)) + &many(1), true),
        (header(one().bits("0").fibonacci(65536)) + &many(1), false),
        (header(one().bits("1").fibonacci(65535).fibonacci(1)) + &many(2), false),
        (header(one().bits("1").fibonacci(1).fibonacci(65534)) + &many(800), false),
        (header(one().bits("0").bits(&"0".repeat(4000))) + &many(1), false),
        (header(one().bits("0").bits(&"10".repeat(2000))) + &many(1), false),
        (header(one().bits("0").bits(&"0".repeat(4000)).bits("11")) + &many(1), false),
        (
            header(Writer::default().number(3, 6).number(1, 6).number(4095, 12).bits(&"011".repeat(1000)))
                + &many(1000),
            false,
        ),
        (
            header(Writer::default().number(3, 6).number(1, 6).number(700, 12).bits(&"011".repeat(700))) + &many(700),
            true,
        ),
    ] {
        assert_eq!(Gpp::parse(text.as_bytes()).is_ok(), is_sound, "{text}");
    }
}

/// An objection is not lost because something else cannot be read.
#[test]
fn an_objection_counts_beside_damage() {
    let header = Writer::default().number(3, 6).number(1, 6).number(1, 12).bits("1").fibonacci(7).fibonacci(1).text(6);
    let usnat = |version: u64, bits: &str| Writer::default().number(version, 6).number(0, 12).bits(bits).text(6);
    let usca = |bits: &str| Writer::default().number(1, 6).number(0, 6).bits(bits).text(6);
    for (usnat, usca, opts_out, unread) in [
        (usnat(2, "101010"), usca("1010"), Some(false), false),
        (usnat(2, "101010"), usca("0110"), Some(true), false),
        (usnat(3, "101010"), usca("0110"), Some(true), true),
        (usnat(3, "010101"), usca("1010"), None, true),
        (usnat(0, "010101"), usca("1010"), None, true),
        (usnat(2, "111010"), usca("1010"), None, true),
        (usnat(2, "110110"), usca("1010"), Some(true), false),
        (usnat(2, "000000"), usca("0000"), None, false),
        // Cut off before its opt-outs, and right behind them.
        ("CAA".to_owned(), usca("1010"), None, true),
        ("CAAE".to_owned(), usca("1010"), Some(true), false),
        ("CAAI".to_owned(), usca("1010"), Some(false), false),
        ("*".to_owned(), usca("0101"), Some(true), true),
        ("*".to_owned(), usca("1010"), None, true),
        (usnat(2, "101010") + ".YA", usca("1010"), Some(true), false),
        (usnat(2, "101010") + ".QA", usca("1010"), Some(false), false),
        (usnat(2, "101010") + ".*", usca("1010") + ".Y", Some(true), true),
        (usnat(2, "101010") + ".", usca("1010"), None, true),
        // Another subsection.
        (usnat(2, "101010") + ".oA", usca("1010"), Some(false), false),
        // A version that is not known: not even its GPC.
        (usnat(3, "101010") + ".YA", usca("1010"), None, true),
    ] {
        let text = format!("{header}~{usnat}~{usca}");
        let gpp = Gpp::parse(text.as_bytes()).ok().unwrap();
        assert_eq!((gpp.opts_out_of_sale_or_sharing(), gpp.has_unread()), (opts_out, unread), "{text}");
    }
}

#[test]
fn what_is_too_long_is_malformed() {
    let core = core().writer().text(24);
    let padded = |length: usize| core.clone() + &"A".repeat(length - core.len());
    assert_eq!(fault(&padded(4096)), None);
    assert_eq!(fault(&padded(4097)), Some(Fault::Malformed));
    assert_eq!(fault(&("B".to_owned() + &padded(4096))), Some(Fault::Malformed));
    let gpp = |length: usize| "DBABM~".to_owned() + &"C".repeat(length - 6);
    assert!(Gpp::parse(gpp(4096).as_bytes()).is_ok());
    assert!(Gpp::parse(gpp(4097).as_bytes()).is_err());
}

/// Nothing is copied: not for the largest announcements, not for noise of 4 KiB.
#[test]
fn nothing_is_allocated() {
    let greedy = Core { vendors: Vendors { largest: 65535, as_ranges: true, ranges: vec![(1, 65535); 680] }, ..core() };
    let huge = greedy.writer().text(6);
    assert!(huge.len() < 4096 && fault(&huge).is_none());
    let nested = format!("{{\"a\":{}", "[".repeat(400));
    let wide = format!("{{\"uspString\":\"1YY-\",\"a\":[{}1]}}", "1,".repeat(200));
    let texts = [
        huge,
        "_".repeat(4096),
        "D".repeat(4096),
        "C".repeat(4096),
        "DBABM~".repeat(600),
        nested,
        wide,
        "1YNN".to_owned(),
    ];
    for text in &texts {
        let used = allocation_counter::measure(|| {
            let text = text.as_bytes();
            if let Ok(string) = TcString::parse(text) {
                assert!(string.vendor_consent(65535) && !string.vendor_consent(0));
            }
            std::hint::black_box(Gpp::parse(text).map(|gpp| gpp.opts_out_of_sale_or_sharing()).ok());
            std::hint::black_box(us_privacy::parse(text));
        });
        // The JSON reader boxes its error, and remembers how deep it stands in what it passes over.
        let allowed = if text.starts_with('{') { 2048 } else { 0 };
        assert!(used.bytes_total <= allowed, "{used:?}: {}", &text[..20.min(text.len())]);
    }
}
