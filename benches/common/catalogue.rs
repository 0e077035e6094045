//! What a look-up in the catalogue takes, in nanoseconds.

use std::{hint::black_box, time::Instant};

use tower_consent::{Catalogue, framework_cookie};

/// The most that a look-up is to take.
const GOAL: f64 = 100.0;
const NAMES: usize = 4_000;

type Name = Vec<u8>;

/// Names of a kind, and whether the catalogue knows them, by a prefix or not.
const KINDS: [(&str, Option<bool>, &[&str]); 5] = [
    (
        "exact",
        Some(false),
        &[
            "_ga",
            "_fbp",
            "_gid",
            "IDE",
            "PHPSESSID",
            "euconsent-v2",
            "__stripe_mid",
            "woocommerce_items_in_cart",
            "sessionid",
        ],
    ),
    (
        "prefix",
        Some(true),
        &["_ga_", "_gac_", "_pk_id.", "_hjSession_", "dtCookie", "wp-settings-time-", "intercom-session-"],
    ),
    // Two bytes of which prefixes of eight lengths begin: the most that are tried.
    (
        "prefix, many alike",
        Some(true),
        &["_KMPage", "_KnowledgePageFilter", "_KnowledgePageFilterMyDraftValidationStatus"],
    ),
    ("unknown", None, &["my_own_cookie", "basket", "theme-of-this-site", "visitor.of.a.site", "x", "q7Hh2"]),
    (
        "unknown, many alike",
        None,
        &["_Knows_nothing_of_it_but_is_as_long_as_the_longest", "wp-of-somebody-else-1234567890"],
    ),
];

/// Times each kind of name, and says of each whether the goal is reached.
pub(crate) fn print(rounds: u32) {
    println!("\nOne look-up in the catalogue, {rounds} rounds of {NAMES} names (ns, median; goal: at most {GOAL})\n");
    for (kind, expected, samples) in KINDS {
        let names: Vec<Name> =
            (0..NAMES).map(|number| name(samples[number % samples.len()], expected, number)).collect();
        for name in &names {
            let found = Catalogue::lookup(name).map(|entry| entry.prefix.is_some());
            assert_eq!(found, expected, "{}", name.escape_ascii());
        }
        let verdict = |nanos: f64| if nanos <= GOAL { "met" } else { "missed" };
        let nanos = time(rounds, &names, |name| Catalogue::lookup(name).is_some());
        println!("{kind:<30} {nanos:>6.1} {}", verdict(nanos));
        let nanos = time(rounds, &names, |name| framework_cookie(name).is_some());
        println!("{:<30} {nanos:>6.1}", "  is it a framework's");
    }
}

/// A name of its own for each number, where the kind allows it: the processor does not learn them.
fn name(sample: &str, expected: Option<bool>, number: usize) -> Name {
    match expected {
        Some(false) => sample.into(),
        _ => format!("{sample}{number}").into(),
    }
}

fn time(rounds: u32, names: &[Name], look: impl Fn(&[u8]) -> bool) -> f64 {
    let mut times: Vec<f64> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            for name in names {
                black_box(look(black_box(name)));
            }
            start.elapsed().as_nanos() as f64 / names.len() as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}
