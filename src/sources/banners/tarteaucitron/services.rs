//! The tool's services by our category: `services.txt`, read by the compiler.

const LIST: &[u8] = include_bytes!("services.txt");

pub(super) static FUNCTIONAL: [&str; count(b"functional")] = keys(b"functional");
pub(super) static ANALYTICS: [&str; count(b"analytics")] = keys(b"analytics");
pub(super) static MARKETING: [&str; count(b"marketing")] = keys(b"marketing");
static EXEMPT: [&str; count(b"exempt")] = keys(b"exempt");

/// Whether the tool starts this service without asking.
pub(super) fn is_exempt(service: &str) -> bool {
    EXEMPT.contains(&service)
}

/// How many services have this word as their category or mark.
const fn count(word: &[u8]) -> usize {
    let mut rest = LIST;
    let mut count = 0;
    while !rest.is_empty() {
        let (line, after) = cut(rest, b'\n');
        if has(line, word) {
            count += 1;
        }
        rest = after;
    }
    count
}

/// Those services, in the order of the list.
const fn keys<const N: usize>(word: &[u8]) -> [&'static str; N] {
    let mut keys = [""; N];
    let mut free: &mut [&'static str] = &mut keys;
    let mut rest = LIST;
    while !rest.is_empty() {
        let (line, after) = cut(rest, b'\n');
        if has(line, word)
            && let Ok(key) = str::from_utf8(cut(line, b' ').0)
            && let [first, others @ ..] = free
        {
            *first = key;
            free = others;
        }
        rest = after;
    }
    keys
}

/// A line is a service, its type there, our category, and a mark or none.
const fn has(line: &[u8], word: &[u8]) -> bool {
    let (category, mark) = cut(cut(cut(line, b' ').1, b' ').1, b' ');
    !matches!(line, [b'#', ..]) && (is_same(category, word) || is_same(mark, word))
}

/// What stands before the first of these bytes, and what after it.
const fn cut(text: &[u8], at: u8) -> (&[u8], &[u8]) {
    let mut rest = text;
    let mut before = 0;
    while let [byte, after @ ..] = rest {
        if *byte == at {
            return (text.split_at(before).0, after);
        }
        before += 1;
        rest = after;
    }
    (text, &[])
}

const fn is_same(mut one: &[u8], mut other: &[u8]) -> bool {
    while let ([first, one_after @ ..], [second, other_after @ ..]) = (one, other) {
        if *first != *second {
            return false;
        }
        one = one_after;
        other = other_after;
    }
    one.is_empty() && other.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the compiler read is what stands in the file.
    #[test]
    fn the_tables_hold_the_list() {
        for (word, table) in [
            ("functional", &FUNCTIONAL[..]),
            ("analytics", &ANALYTICS[..]),
            ("marketing", &MARKETING[..]),
            ("exempt", &EXEMPT[..]),
        ] {
            let listed: Vec<&str> = include_str!("services.txt")
                .lines()
                .filter(|line| !line.starts_with('#') && line.split(' ').skip(2).any(|column| column == word))
                .filter_map(|line| line.split(' ').next())
                .collect();
            assert_eq!(table, listed, "{word}");
            assert!(!table.is_empty(), "{word}");
        }
    }
}
