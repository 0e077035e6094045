//! Cookie lines of the kind that filters get wrong.

use proptest::{prelude::*, sample::select};

const NAMES: &[&str] = &[
    "sid",
    "csrf",
    "__Host-sid",
    "app_x",
    "app_",
    "app_st_1",
    "app_st_",
    "app_ads",
    "app_adsx",
    "_ga",
    "_ga_",
    "_ga_X1",
    "_GA",
    "_gid",
    "_fbp",
    "_fb_1",
    "theme",
    "th\u{e8}me",
    "SID",
    "_Gid",
    "other",
    "_g",
    "xyz",
    "__Secure-x",
    "__Host-x",
    "__host-consent",
    "consent",
    "$Version",
    "$Path",
    "$sid",
    "a,b",
    "a b",
];

/// What stands before, in or behind a name to disguise it.
const DISGUISES: &[&[u8]] = &[
    b"",
    b" ",
    b"\t",
    "\u{2000}".as_bytes(),
    "\u{a0}".as_bytes(),
    "\u{85}".as_bytes(),
    "\u{feff}".as_bytes(),
    "\u{3000}".as_bytes(),
    "\u{1680}".as_bytes(),
    b"\xa0",
    b"\x85",
    b"\xff",
    b"%20",
    b"%",
    b"%2",
    b"%zz",
    b"%00",
    b"%09",
    b"%e2%80%80",
    b"%c2%a0",
    b"%3d",
    b"%3b",
    b"$",
    b"%24",
    b"\"",
    b"'",
    b",",
    b"\\",
    b":",
    b"-",
];

const VALUES: &[&[u8]] = &[
    b"",
    b"1",
    b"v=w",
    b"\"q\"",
    b"\"a",
    b"b\"",
    b"a,b",
    b"\xc3\xa4",
    b"\xff\xfe",
    b"%3B",
    b"a b",
    b" x ",
    b"_ga=1",
    b"$Path=/",
];

/// Bytes that mean something to some reader of cookies, and some that mean nothing.
const TOKENS: &[&[u8]] = &[
    b";",
    b"; ",
    b";",
    b";;",
    b"=",
    b"=",
    b" ",
    b"\t",
    b"\"",
    b"\"",
    b",",
    b"%",
    b"%5F",
    b"\xc2\xa0",
    b"\xe2\x80\x80",
    b"\xff",
    b"$",
    b"_ga",
    b"_gid",
    b"sid",
    b"csrf",
    b"app_",
    b"ads",
    b"st_",
    b"1",
    b"x",
    b"Max-Age=0",
    b"$Version=1",
];

/// Bytes that a header value can hold (R24).
pub(crate) fn byte() -> impl Strategy<Value = u8> + Clone {
    prop_oneof![4 => 0x20..=0x7e_u8, 1 => Just(b'\t'), 2 => 0x80..=0xff_u8]
}

pub(crate) fn name() -> impl Strategy<Value = Vec<u8>> + Clone {
    let plain = || select(NAMES).prop_map(|name| name.as_bytes().to_vec());
    let disguised = (select(DISGUISES), plain(), select(DISGUISES))
        .prop_map(|(before, name, after)| [before, &name, after].concat());
    let encoded = (disguised.clone(), any::<prop::sample::Index>(), any::<bool>()).prop_map(|(name, at, upper)| {
        let at = at.index(name.len());
        let code = if upper { format!("%{:02X}", name[at]) } else { format!("%{:02x}", name[at]) };
        [&name[..at], code.as_bytes(), &name[at + 1..]].concat()
    });
    prop_oneof![
        8 => plain(),
        4 => disguised,
        3 => encoded,
        1 => Just(Vec::new()),
        1 => prop::collection::vec(byte(), 0..6),
    ]
}

pub(crate) fn value() -> impl Strategy<Value = Vec<u8>> + Clone {
    prop_oneof![6 => select(VALUES).prop_map(<[u8]>::to_vec), 1 => prop::collection::vec(byte(), 0..8)]
}

pub(crate) fn soup() -> impl Strategy<Value = Vec<u8>> + Clone {
    let token = prop_oneof![6 => select(TOKENS).prop_map(<[u8]>::to_vec), 1 => byte().prop_map(|byte| vec![byte])];
    prop::collection::vec(token, 0..14).prop_map(|tokens| tokens.concat())
}

pub(crate) fn pair() -> impl Strategy<Value = Vec<u8>> + Clone {
    prop_oneof![
        12 => (name(), value()).prop_map(|(name, value)| [&name[..], b"=", &value].concat()),
        1 => name(),
        1 => value().prop_map(|value| [b"=", &value[..]].concat()),
    ]
}

pub(crate) fn cookie_line() -> impl Strategy<Value = Vec<u8>> + Clone {
    let separators: &[&[u8]] = &[b"; ", b"; ", b"; ", b";", b" ;\t", b";;", b"; ; ", b", "];
    let built = prop::collection::vec((pair(), select(separators)), 1..6).prop_map(|pairs| {
        let mut line: Vec<u8> = pairs.iter().flat_map(|(pair, separator)| [&pair[..], separator].concat()).collect();
        // Most lines do not end with a separator; some do.
        if !line.len().is_multiple_of(4) {
            line.truncate(line.len() - pairs.last().unwrap().1.len());
        }
        line
    });
    prop_oneof![3 => built, 1 => soup()]
}

/// Attributes in every shape that ends a cookie, or looks as if it did (R29-R31, R57).
const ATTRIBUTES: &[&str] = &[
    "; Path=/",
    "; Secure",
    "; HttpOnly",
    "; Domain=example.com",
    "; SameSite=None",
    "; Partitioned",
    ";",
    "; ",
    "; =",
    "; Max-Age=0",
    ";Max-Age=0",
    "; max-age=0",
    "; MAX-AGE = 0 ",
    ";\tMax-Age\t=\t0\t",
    "; Max-Age=00",
    "; Max-Age=-1",
    "; Max-Age=-0",
    "; Max-Age=-99999999999999999999999",
    "; Max-Age=99",
    "; Max-Age=99999999999999999999999",
    "; Max-Age=0000000000000000000000001",
    "; Max-Age=",
    "; Max-Age",
    "; Max-Age=-",
    "; Max-Age=--1",
    "; Max-Age=+0",
    "; Max-Age=+5",
    "; Max-Age=0x",
    "; Max-Age=0.0",
    "; Max-Age=\"0\"",
    "; Max-Age=0,",
    "; Max-Age=0 0",
    "; =Max-Age=0",
    "; Max-Age=\u{a0}0",
    "; \u{a0}Max-Age=0",
    "; Max-Age==0",
    "; Max-Age=%30",
    "; XMax-Age=0",
    "; Max-Age-=0",
    "; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    "; expires=Thu, 01-Jan-70 00:00:01 GMT",
    "; Expires=1 jan 1970 0:0:0",
    "; EXPIRES = Thu, 01 Jan 1970 00:00:00 GMT ",
    "; Expires=\"Thu, 01 Jan 1970 00:00:00 GMT\"",
    "; Expires=0",
    "; Expires=-1",
    "; Expires=",
    "; Expires",
    "; Expires=1970-01-01T00:00:00Z",
    "; Expires=Sat, 01 Jan 69 00:00:00 GMT",
    "; Expires=Fri, 31 Dec 9999 23:59:59 GMT",
    "; Expires=Fri, 15 Jan 2027 07:59:59 GMT",
    "; Expires=Fri, 15 Jan 2027 08:00:00 GMT",
    "; Expires=Fri, 15 Jan 2027 08:00:01 GMT",
    "; Expires=Mon, 01 Jan 1601 00:00:00 GMT",
    "; Expires=Mon, 31 Dec 1600 00:00:00 GMT",
    "; Expires=32 Jan 1970 00:00:00",
    "; Expires=29 Feb 1971 00:00:00",
    "; Expires=29 Feb 1972 00:00:00",
    "; Expires=1 Jan 1970 24:00:00",
];

pub(crate) fn attribute() -> impl Strategy<Value = Vec<u8>> + Clone {
    prop_oneof![
        40 => select(ATTRIBUTES).prop_map(|text| text.as_bytes().to_vec()),
        // Values of 1024 bytes count, longer ones do not (R29).
        1 => (1000_usize..1040).prop_map(|length| format!("; Max-Age={:0>length$}", 0).into_bytes()),
        1 => (1000_usize..1040).prop_map(|length| format!("; Max-Age={:0>length$}", 7).into_bytes()),
        1 => (1000_usize..1040)
            .prop_map(|length| format!("; Expires={:<length$}Z", "Thu, 01 Jan 1970 00:00:00 GMT").into_bytes()),
        4 => date().prop_map(|date| [b"; Expires=", &date[..]].concat()),
    ]
}

/// Dates, and what nearly is one.
pub(crate) fn date() -> impl Strategy<Value = Vec<u8>> + Clone {
    const PARTS: &[&[u8]] = &[
        b"Thu",
        b"01",
        b"1",
        b"15",
        b"31",
        b"30",
        b"29",
        b"0",
        b"00",
        b"32",
        b"001",
        b"1st",
        b"Jan",
        b"feb",
        b"FEB",
        b"Febru",
        b"Jun",
        b"apr",
        b"Ja",
        b"1970",
        b"1971",
        b"2027",
        b"2028",
        b"70",
        b"69",
        b"99",
        b"0070",
        b"070",
        b"1600",
        b"1601",
        b"20270",
        b"99999",
        b"099999",
        b"1970x",
        b"00:00:00",
        b"23:59:59",
        b"24:00:00",
        b"00:60:00",
        b"00:00:60",
        b"1:2:3",
        b"1:2:3:4",
        b"1:2:3x",
        b"1:2:345",
        b"12:00",
        b"012:00:00",
        b"08:00:00",
        b"07:59:59",
        b"8:0:1",
        b"GMT",
        b"\xff",
        b"+0000",
        b"\x80\x80",
    ];
    const DELIMITERS: &[&[u8]] = &[b" ", b" ", b" ", b"-", b", ", b"/", b"\t", b"_", b"(", b"~", b"", b".", b"`"];
    let well_formed = (
        1..32_u32,
        select(&["Jan", "feb", "DEC", "June"][..]),
        select(&["1970", "2026", "2027", "2028", "70", "68", "99999"][..]),
        0..24_u32,
        // What Chromium passes over behind the seconds.
        select(&["", "", "", "0", "x"][..]),
    )
        .prop_map(|(day, month, year, hour, more)| {
            format!("Thu, {day} {month} {year} {hour}:00:00{more} GMT").into_bytes()
        });
    let soup = prop::collection::vec((select(PARTS), select(DELIMITERS)), 0..7)
        .prop_map(|parts| parts.iter().flat_map(|(part, delimiter)| [*part, *delimiter].concat()).collect());
    prop_oneof![1 => well_formed, 2 => soup]
}

pub(crate) fn set_cookie_line() -> impl Strategy<Value = Vec<u8>> + Clone {
    let built = (pair(), prop::collection::vec(attribute(), 0..4))
        .prop_map(|(pair, attributes)| [pair, attributes.concat()].concat());
    prop_oneof![6 => built, 1 => soup()]
}
