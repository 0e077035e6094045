//! The style sheet and the script: their size, what they do not do, and the contrast of the colours.

use std::{collections::BTreeMap, io::Write};

use flate2::{Compression, write::GzEncoder};

use crate::endpoint::look::{SCRIPT, STYLE};

#[test]
fn the_assets_are_small() {
    for (name, text, limit) in [("style.css", STYLE, 3 * 1024), ("consent.js", SCRIPT, 4 * 1024)] {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text.as_bytes()).unwrap();
        let size = encoder.finish().unwrap().len();
        assert!((500..=limit).contains(&size), "{name}: {size} bytes gzipped, {limit} allowed");
    }
    for forbidden in [
        "eval(",
        "innerHTML",
        "localStorage",
        "sessionStorage",
        "document.cookie",
        "http:",
        "https:",
        "@import",
        "url(",
    ] {
        assert!(!SCRIPT.contains(forbidden) && !STYLE.contains(forbidden), "{forbidden}");
    }
}

/// The relative luminance of `#rgb` or `#rrggbb` (WCAG 2.2).
fn luminance(color: &str) -> f64 {
    let digits = color.trim_start_matches('#');
    let width = digits.len() / 3;
    let channel = |at: usize| {
        let part = digits[at * width..(at + 1) * width].repeat(3 - width);
        let value = f64::from(u8::from_str_radix(&part, 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(0) + 0.7152 * channel(1) + 0.0722 * channel(2)
}

#[test]
fn the_colours_have_contrast_in_light_and_dark() {
    let mut blocks = STYLE.split(":where(:root) {").skip(1).map(|block| {
        let lines = block.split('}').next().unwrap().lines().filter_map(|line| line.trim().split_once(": "));
        lines.map(|(name, value)| (name, value.trim_end_matches(';'))).collect::<BTreeMap<_, _>>()
    });
    for colors in [blocks.next().unwrap(), blocks.next().unwrap()] {
        for (front, back, least) in [
            ("text", "back", 4.5),
            ("text", "soft", 4.5),
            ("quiet", "back", 4.5),
            ("quiet", "soft", 4.5),
            ("accent", "back", 4.5),
            ("accent", "soft", 4.5),
            ("good", "back", 4.5),
            ("good", "soft", 4.5),
            ("button-text", "button", 4.5),
            ("edge", "back", 3.0),
        ] {
            let of = |name: &str| luminance(colors[format!("--consent-{name}").as_str()]);
            let (one, other) = (of(front), of(back));
            let contrast = (one.max(other) + 0.05) / (one.min(other) + 0.05);
            assert!(contrast >= least, "{front} on {back}: {contrast}");
        }
    }
}
