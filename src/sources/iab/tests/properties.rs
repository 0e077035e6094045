//! The fast decoder says what the naive one says, and what was written.

use proptest::{collection::vec, prelude::*, sample::subsequence};

use super::{
    super::{Fault, gpp::Gpp, tcf::TcString, us_privacy},
    ask_gpp, ask_tcf, naive,
    writer::{Core, Vendors, Writer},
};

fn vendors() -> impl Strategy<Value = Vendors> {
    let sound = |largest: u16| vec((1..=largest, 1..=largest), 0..6);
    let largest = prop_oneof![1..=40u16, 1..=1000u16, Just(65535)];
    let some = largest.prop_flat_map(move |largest| (Just(largest), any::<bool>(), sound(largest)));
    some.prop_map(|(largest, as_ranges, ranges)| Vendors {
        largest,
        // No field of 65535 bits fits a cookie.
        as_ranges: as_ranges || largest > 1000,
        ranges: ranges.into_iter().map(|(one, other)| (one.min(other), one.max(other))).collect(),
    })
}

fn purposes() -> impl Strategy<Value = Vec<u8>> {
    subsequence((1..=24).collect::<Vec<u8>>(), 0..=24)
}

fn core() -> impl Strategy<Value = Core> {
    let time = 0..1u64 << 36;
    let head = (time.clone(), time, 0..4096u16, 4..64u8, any::<(bool, bool)>(), (0..64u8, 0..64u8));
    let ranges = vec((1..=u16::MAX, 1..=u16::MAX), 0..3);
    (head, purposes(), purposes(), vendors(), vendors(), vec((0..64u8, ranges), 0..3)).prop_map(
        |(
            (created, updated, cmp, policy, flags, country),
            purposes,
            interest,
            vendors,
            vendor_interest,
            restrictions,
        )| {
            let sorted =
                |ranges: Vec<(u16, u16)>| ranges.into_iter().map(|(one, other)| (one.min(other), one.max(other)));
            let restrictions =
                restrictions.into_iter().map(|(purpose, ranges)| (purpose, sorted(ranges).collect())).collect();
            Core {
                created,
                updated,
                cmp,
                policy,
                flags,
                country,
                purposes,
                interest,
                vendors,
                vendor_interest,
                restrictions,
            }
        },
    )
}

fn publisher() -> impl Strategy<Value = (Vec<u8>, u64)> {
    (purposes(), 0..64u64)
}

/// A whole string, with what was written into it.
fn string() -> impl Strategy<Value = (String, Core, Option<Vendors>, Option<Vec<u8>>)> {
    let segments = (proptest::option::of(vendors()), proptest::option::of(publisher()), any::<bool>());
    (core(), segments, prop_oneof![Just(6usize), Just(8), Just(24)]).prop_map(
        |(core, (disclosed, publisher, publisher_first), padding)| {
            let mut segments = Vec::new();
            if let Some(disclosed) = &disclosed {
                segments.push(Writer::default().number(1, 3).vendors(disclosed).text(padding));
            }
            if let Some((purposes, custom)) = &publisher {
                let writer = Writer::default().number(3, 3).flags(purposes, 24).flags(&[2], 24).number(*custom, 6);
                segments.push(writer.bits(&"10".repeat(*custom as usize)).text(padding));
            }
            if publisher_first {
                segments.reverse();
            }
            segments.insert(0, core.writer().text(padding));
            (segments.join("."), core, disclosed, publisher.map(|(purposes, _)| purposes))
        },
    )
}

/// A text with a few of its bytes changed, taken out or put in.
fn damaged(text: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![8 => proptest::sample::select(&b"AABCDEIQYZagmow059-_"[..]), 1 => Just(b'.'), 1 => Just(b'~'), 1 => any::<u8>()];
    (text, vec((any::<proptest::sample::Index>(), byte, 0..3u8), 1..4)).prop_map(|(text, changes)| {
        let mut text = text.into_bytes();
        for (index, byte, kind) in changes {
            let at = index.index(text.len().max(1));
            match kind {
                0 if at < text.len() => text[at] = byte,
                1 if at < text.len() => drop(text.remove(at)),
                _ => text.insert(at.min(text.len()), byte),
            }
        }
        text
    })
}

fn section() -> impl Strategy<Value = String> {
    let us =
        (0..4u64, "[01]{0,40}").prop_map(|(version, bits)| Writer::default().number(version, 6).bits(&bits).text(6));
    let gpc = prop_oneof![4 => Just(""), 1 => Just(".YA"), 1 => Just(".QA"), 1 => Just(".A"), 1 => Just("."), 1 => Just(".YA.QA")];
    prop_oneof![
        6 => (us, gpc).prop_map(|(core, gpc)| core + gpc),
        1 => "1[YNyn-]{3}",
        1 => "[A-Za-z0-9._-]{0,6}",
    ]
}

fn gpp() -> impl Strategy<Value = String> {
    let ids = subsequence((1..=30u64).collect::<Vec<_>>(), 0..6);
    (ids, vec(section(), 6), 0..4u8, prop_oneof![Just(6usize), Just(8), Just(24)]).prop_map(
        |(ids, sections, groups, padding)| {
            let (mut entries, mut rest, mut last, mut body) = (0, &ids[..], 0, Writer::default());
            while let [first, after @ ..] = rest {
                let run = after.iter().zip(first + 1..).take_while(|(id, next)| *id == next).count();
                let run = if groups == 0 { 0 } else { run };
                body = body.bits(if run > 0 { "1" } else { "0" }).fibonacci(first - last);
                if run > 0 {
                    body = body.fibonacci(run as u64);
                }
                (entries, last, rest) = (entries + 1, first + run as u64, &after[run..]);
            }
            let header = Writer::default().number(3, 6).number(1, 6).number(entries, 12).append(&body).text(padding);
            std::iter::once(header).chain(sections.into_iter().take(ids.len())).collect::<Vec<_>>().join("~")
        },
    )
}

fn agree_on_tcf(text: &[u8]) -> Result<(), TestCaseError> {
    let fast = TcString::parse(text).map(|string| ask_tcf(&string));
    prop_assert_eq!(fast, naive::tcf(text));
    Ok(())
}

fn agree_on_gpp(text: &[u8]) -> Result<(), TestCaseError> {
    let fast = Gpp::parse(text).ok();
    let naive = naive::gpp(text);
    prop_assert_eq!(fast.is_some(), naive.is_some());
    if let (Some(fast), Some(naive)) = (fast, naive) {
        prop_assert_eq!(ask_gpp(&fast), (naive.opts_out, naive.gpc, naive.unread));
        let eu = fast.tcf_eu().map(|string| string.map(|string| ask_tcf(&string)));
        prop_assert_eq!(eu, naive.tcf_eu.map(|text| naive::tcf(text.as_bytes())));
        prop_assert_eq!(fast.tcf_canada().is_some(), naive.tcf_canada.is_some());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read((text, core, disclosed, publisher) in string()) {
        if text.len() > 4096 {
            prop_assert_eq!(TcString::parse(text.as_bytes()).err(), Some(Fault::Malformed));
            return Ok(());
        }
        let read = ask_tcf(&TcString::parse(text.as_bytes()).ok().unwrap());
        let all = |vendors: &Vendors| (1..=vendors.largest).filter(|vendor| naive::is_asked(*vendor) && vendors.has(*vendor)).collect::<Vec<_>>();
        prop_assert_eq!((read.created, read.last_updated), (core.created as i64 / 10, core.updated as i64 / 10));
        prop_assert_eq!((read.cmp_id, read.policy_version), (core.cmp, core.policy));
        prop_assert_eq!((read.is_service_specific, read.purpose_one_treatment), core.flags);
        prop_assert_eq!(read.purposes, core.purposes);
        prop_assert_eq!(read.interest, core.interest);
        prop_assert_eq!(read.country.is_some(), core.country.0 < 26 && core.country.1 < 26);
        prop_assert_eq!(read.vendors, all(&core.vendors));
        prop_assert_eq!(read.disclosed, disclosed.as_ref().map(all));
        prop_assert_eq!(read.publisher, publisher);
        agree_on_tcf(text.as_bytes())?;
    }

    #[test]
    fn both_say_the_same_of_damaged_tcf_strings(text in damaged(string().prop_map(|string| string.0))) {
        agree_on_tcf(&text)?;
    }

    #[test]
    fn both_say_the_same_of_gpp_strings(text in gpp()) {
        prop_assert!(naive::gpp(text.as_bytes()).is_some() || text.split('~').any(str::is_empty), "{}", text);
        agree_on_gpp(text.as_bytes())?;
    }

    #[test]
    fn both_say_the_same_of_damaged_gpp_strings(text in damaged(gpp())) {
        agree_on_gpp(&text)?;
    }

    #[test]
    fn both_say_the_same_of_a_tcf_string_in_a_gpp_string(text in damaged(string().prop_map(|string| format!("DBABM~{}", string.0)))) {
        agree_on_gpp(&text)?;
    }

    #[test]
    fn both_say_the_same_of_noise(text in vec(any::<u8>(), 0..600), digits in "[BCD][A-Za-z0-9_~.-]{0,300}") {
        for text in [&text[..], digits.as_bytes()] {
            agree_on_tcf(text)?;
            agree_on_gpp(text)?;
            let answer = us_privacy::parse(text);
            prop_assert!(answer.is_none() || text.len() == 4 || text.contains(&b'u'));
        }
    }

    #[test]
    fn any_json_gives_an_answer(text in r#"[{"%a-z0-9:,\[\]}]{0,80}"#) {
        let text = format!("{{\"uspString\":\"1YY-\",{text}");
        if let Some(answer) = us_privacy::parse(text.as_bytes()) {
            prop_assert_eq!(answer.opts_out_of_sale, Some(true));
        }
    }
}
