//! The shape of the source: who imports whom, no panics, docs, sizes; and what the public types promise of themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    cell::Cell,
    collections::BTreeSet,
    fs,
    future::Future,
    marker::{PhantomData, PhantomPinned},
    path::{Path, PathBuf},
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use tower::{Layer, Service};
use tower_consent::{
    Category, ConfigError, ConsentChange, ConsentContext, ConsentLayer, ConsentService, Decision, Ended, Issued,
    Lifetime, MemoryStore, Narrow, NewToken, Policy, PolicyBuilder, RejectionKind, RequireSession,
    RequireSessionFuture, RequireSessionService, ResponseFuture, Session, SessionRejection, SignIn, Signals, SignedIn,
    StoreError, StoreFuture, Token, TokenContext, TokenDigest, TokenFuture, TokenLayer, TokenRecord, TokenRules,
    TokenService, TokenStore, Tokens, TokensBuilder, Visit, VisitBody, VisitFuture, VisitLayer, VisitLog, VisitService,
};

// The order of imports.

/// The rooms of `src`, from the left to the right: a room uses what stands to its right, never what stands to its left or
/// beside it. Some are not built yet.
const ORDER: &[&[&str]] = &[
    &["axum", "test"],
    &["endpoint"],
    &["record"],
    &["visit", "token"],
    &["enforce"],
    &["cookies", "report"],
    &["decide"],
    &["policy"],
    &["sources", "catalogue"],
    &["consent"],
    &["category", "signal"],
    &["clock"],
];

/// Rooms beside each other that may use each other, as `(who, whom)`. None so far.
const NEIGHBOURS: &[(&str, &str)] = &[];

/// Who may use the store: enforcement never does.
const USERS_OF_STORE: &[&str] = &["axum", "test", "endpoint", "record", "token"];

fn rank(room: &str) -> Option<usize> {
    ORDER.iter().position(|rooms| rooms.contains(&room))
}

/// Why this room may not use that one.
fn objection(from: &str, to: &str) -> Option<&'static str> {
    if from == to || NEIGHBOURS.contains(&(from, to)) {
        return None;
    }
    let may = match (from, to) {
        // The guide imports everything and is imported by nobody.
        ("lib", _) => to == "manual" || to == "store" || rank(to).is_some(),
        (_, "lib") => return Some("goes through the crate's root: name the room"),
        // Documentation only.
        ("manual", _) | (_, "manual") => false,
        ("store", _) => rank(to).is_some_and(|to| Some(to) >= rank("consent")),
        (_, "store") => USERS_OF_STORE.contains(&from),
        _ => match (rank(from), rank(to)) {
            (Some(from), Some(to)) => from < to,
            _ => return Some("is not a room that DESIGN section 4 knows"),
        },
    };
    (!may).then_some("runs against the order of DESIGN section 4")
}

/// Every Rust file of `src`, with its path below it.
fn sources() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&root, &mut files);
    files.sort();
    assert!(files.len() > 30, "the source is there");
    files
        .into_iter()
        .map(|path| (path.strip_prefix(&root).unwrap().to_owned(), fs::read_to_string(&path).unwrap()))
        .collect()
}

/// The modules that a file stands in, outermost first; none for the crate's root.
fn module(file: &Path) -> Vec<String> {
    let mut names: Vec<_> = file.with_extension("").iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if names.last().is_some_and(|name| name == "mod" || name == "lib") {
        names.pop();
    }
    names
}

fn room(file: &Path) -> String {
    module(file).first().cloned().unwrap_or_else(|| "lib".to_owned())
}

/// The code alone: comments and what stands in quotes become blanks, line by line as before.
fn code(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let starts_word = at == 0 || !(bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
        let length = if rest.starts_with(b"//") {
            rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())
        } else if rest.starts_with(b"/*") {
            block_comment(rest)
        } else if rest[0] == b'"' {
            string(rest)
        } else if starts_word && (rest[0] == b'r' || rest.starts_with(b"br")) {
            raw_string(rest)
        } else if rest[0] == b'\'' {
            character(rest)
        } else {
            0
        };
        for byte in &mut code[at..at + length] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at += length.max(1);
    }
    String::from_utf8(code).unwrap()
}

fn block_comment(text: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        match &text[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn string(text: &[u8]) -> usize {
    let mut at = 1;
    while at < text.len() && text[at] != b'"' {
        at += if text[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

fn raw_string(text: &[u8]) -> usize {
    let start = text.iter().position(|byte| *byte == b'r').unwrap() + 1;
    let hashes = text[start..].iter().take_while(|byte| **byte == b'#').count();
    if text.get(start + hashes) != Some(&b'"') {
        return 0;
    }
    let end = [&b"\""[..], &b"#".repeat(hashes)].concat();
    let body = start + hashes + 1;
    let length = text[body..].windows(end.len()).position(|window| window == end).unwrap();
    body + length + end.len()
}

/// A character, and not a lifetime.
fn character(text: &[u8]) -> usize {
    match text {
        [_, b'\\', _, rest @ ..] => 4 + rest.iter().position(|byte| *byte == b'\'').unwrap(),
        [_, first, ..] => {
            let width = std::str::from_utf8(&text[1..text.len().min(5)])
                .map_or_else(|error| error.valid_up_to(), str::len)
                .min(if first.is_ascii() { 1 } else { 4 });
            let width = (1..=width).find(|width| text.get(1 + width) == Some(&b'\''));
            width.map_or(0, |width| width + 2)
        }
        _ => 0,
    }
}

/// The code without its test modules.
fn without_tests(code: &str) -> String {
    let mut left = code.to_owned();
    while let Some(start) = left.find("#[cfg(test)]") {
        let rest = &left[start..];
        let open = rest.find('{').unwrap_or(rest.len());
        // `mod tests;` has its body elsewhere.
        let end = match rest.find(';') {
            Some(semicolon) if semicolon < open => semicolon + 1,
            _ => open + closing(&rest[open..]),
        };
        let blank: String = rest[..end].chars().map(|byte| if byte == '\n' { '\n' } else { ' ' }).collect();
        left.replace_range(start..start + end, &blank);
    }
    left
}

/// The length of a group in braces.
fn closing(text: &str) -> usize {
    let mut depth = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    panic!("no end of {text}");
}

fn word(text: &str) -> &str {
    let end = text.find(|next: char| !(next.is_alphanumeric() || next == '_')).unwrap_or(text.len());
    &text[..end]
}

/// The first names behind `crate::`, groups opened up: the rooms that a path leads to.
fn first_names(path: &str) -> Vec<&str> {
    let path = path.trim_start();
    if !path.starts_with('{') {
        return vec![word(path)];
    }
    let group = &path[1..closing(path) - 1];
    let (mut names, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, byte) in group.bytes().chain([b',']).enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            b',' if depth == 0 => {
                let part = group[start..at].trim();
                if !part.is_empty() {
                    names.extend(first_names(part));
                }
                start = at + 1;
            }
            _ => {}
        }
    }
    names
}

/// The names at the crate's root that a file's paths begin with: `crate::x`, and as many `super::` as lead there.
fn roots(code: &str, depth: usize) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut add = |prefix: &str| {
        for (at, _) in code.match_indices(prefix) {
            let before = code[..at].chars().next_back().unwrap_or(' ');
            if !(before.is_alphanumeric() || before == '_' || before == ':') {
                found.extend(first_names(&code[at + prefix.len()..]).into_iter().map(str::to_owned));
            }
        }
    };
    add("crate::");
    if depth > 0 {
        add(&"super::".repeat(depth));
    }
    // One more `super::` than that is no path; one less stays in the room.
    found.remove("super");
    found
}

/// What is wrong with a file's imports, and how many rooms it uses.
fn imports(file: &Path, text: &str) -> (usize, Vec<String>) {
    let code = without_tests(&code(text));
    let (from, depth) = (room(file), module(file).len());
    let roots = roots(&code, depth);
    let wrong = roots.iter().filter_map(|name| {
        let is_item = name.starts_with(|first: char| first.is_uppercase()) || name == "self" || name == "*";
        let to = if is_item || name.is_empty() { "lib" } else { name };
        objection(&from, to).map(|why| format!("src/{}: `crate::{name}` {why}", file.display()))
    });
    (roots.len(), wrong.collect())
}

#[test]
fn imports_run_from_the_left_to_the_right() {
    let (mut count, mut wrong) = (0, Vec::new());
    for (file, text) in sources() {
        if room(&file) != "lib" && room(&file) != "manual" && room(&file) != "store" && rank(&room(&file)).is_none() {
            wrong.push(format!("src/{}: DESIGN section 4 knows no such room", file.display()));
        }
        let (rooms, objections) = imports(&file, &text);
        count += rooms;
        wrong.extend(objections);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 60, "only {count} imports found: is the reader blind?");
}

/// The reader sees what the rule is about, and nothing else.
#[test]
fn the_reader_of_imports_sees_all_of_them() {
    for (file, text, wrong) in [
        ("policy/mod.rs", "use crate::consent::Choice;", 0),
        ("policy/mod.rs", "use crate::decide::Decision;", 1),
        ("policy/a.rs", "use crate::{\n    category::Category,\n    decide::{Decision, x::{self, y}},\n};", 1),
        ("policy/a.rs", "use crate::{category::{Category, cookies}, consent::{self}, policy::x};", 0),
        ("policy/a.rs", "fn f() -> crate::enforce::X { crate :: x }", 1),
        ("policy/a.rs", "use super::decide::X;", 0),
        ("policy/a.rs", "use super::super::decide::X;", 1),
        ("policy/mod.rs", "use super::decide::X;", 1),
        ("policy/mod.rs", "use super::{decide::X, clock, cookies};", 2),
        ("decide.rs", "use super::enforce::X;", 1),
        ("policy/a.rs", "// crate::decide\n/* crate::decide /* crate::enforce */ crate::axum */", 0),
        (
            "policy/a.rs",
            "//! crate::decide\nconst A: &str = \"crate::decide \\\" crate::axum\"; use crate::axum::B;",
            1,
        ),
        ("policy/a.rs", "const A: &str = r#\"\" crate::decide\"#; const B: char = '\"'; use crate::axum::B;", 1),
        ("policy/a.rs", "fn f<'a>(a: &'a str) -> char { '\\'' } use crate::axum::B; // '", 1),
        ("policy/a.rs", "#[cfg(test)]\nmod tests { fn f() { crate::decide::x() } }\nuse crate::axum::B;", 1),
        ("policy/a.rs", "#[cfg(test)]\nmod tests;\nuse crate::axum::B;", 1),
        ("policy/a.rs", "use crate::Decision;", 1),
        ("policy/a.rs", "use crate::nowhere::X;", 1),
        ("cookies/a.rs", "use crate::report::X;", 1),
        ("report/a.rs", "use crate::cookies::X;", 1),
        ("category.rs", "use crate::signal::X;", 1),
        ("enforce/a.rs", "use crate::{report::X, cookies::X, store::X};", 1),
        ("token/a.rs", "use crate::{store::X, enforce::X, cookies::X, policy::X, signal::X, clock::X};", 0),
        ("token/a.rs", "use crate::{axum::X, endpoint::X, visit::X, test::X};", 4),
        ("enforce/a.rs", "use crate::token::X;", 1),
        ("store/a.rs", "use crate::token::X;", 1),
        ("endpoint/a.rs", "use crate::{store::X, visit::X, token::X};", 0),
        ("store/a.rs", "use crate::{consent::X, clock::X};", 0),
        ("store/a.rs", "use crate::{policy::X, sources::X};", 2),
        ("axum.rs", "use crate::{test::X, policy::X};", 1),
        ("manual/mod.rs", "use crate::policy::X;", 1),
        ("elsewhere.rs", "use crate::policy::X;", 1),
        ("lib.rs", "pub use crate::{axum::X, clock::Y, store::Z};", 0),
    ] {
        let found = imports(Path::new(file), text).1;
        assert_eq!(found.len(), wrong, "{file}: {text}\n{found:?}");
    }
}

/// "No cycles" follows from an order only if the order is one.
#[test]
fn every_room_has_one_place() {
    let rooms: Vec<_> = ORDER.iter().copied().flatten().collect();
    assert_eq!(rooms.iter().collect::<BTreeSet<_>>().len(), rooms.len());
    for (from, to) in NEIGHBOURS {
        assert!(!NEIGHBOURS.contains(&(to, from)), "{from} and {to} use each other");
    }
}

// The text of the source.

/// What can end a request, or the process.
const PANICS: &[&str] =
    &[".unwrap()", ".expect(", ".unwrap_err()", ".expect_err(", "panic!", "todo!", "unimplemented!", "unreachable!"];

fn panics(file: &Path, text: &str) -> Vec<String> {
    let code = without_tests(&code(text));
    // Assertions are what `test` is for, and the tests that stand in files of their own.
    let asserts = room(file) == "test" || module(file).iter().any(|name| name == "tests");
    let words = PANICS.iter().filter(|_| !asserts).chain(&["unsafe"]);
    let found = words.flat_map(|word| code.match_indices(word).map(move |(at, _)| (at, word)));
    found
        .filter(|(at, word)| {
            let is_word = |neighbour: Option<char>| neighbour.is_some_and(|next| next.is_alphanumeric() || next == '_');
            let ends = word.ends_with(|last: char| last.is_alphanumeric());
            (word.starts_with('.') || !is_word(code[..*at].chars().next_back()))
                && !(ends && is_word(code[at + word.len()..].chars().next()))
        })
        .map(|(at, word)| format!("src/{}:{}: {word}", file.display(), code[..at].lines().count().max(1)))
        .collect()
}

/// No panic in library code: a bad header is an answer, never a crash. No `unsafe` at all.
#[test]
fn no_unsafe_and_no_panics() {
    let found: Vec<_> = sources().iter().flat_map(|(file, text)| panics(file, text)).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
    for (file, text, count) in [
        ("a.rs", "x.unwrap()", 1),
        ("a.rs", "x.unwrap_or(y).expect (\"\")", 0),
        ("a.rs", "x.expect(\"y\"); todo!(); core::panic!()", 3),
        ("a.rs", "/// x.unwrap()\n// panic!\nfn a() { \"panic!\" }", 0),
        ("a.rs", "#[cfg(test)]\nmod tests { fn f() { panic!() } }\nunsafe {}", 1),
        ("a.rs", "debug_panic!(); unsafely(); unsafe_code", 0),
        ("test/a.rs", "panic!(); unsafe {}", 1),
        ("test.rs", "x.expect(\"y\")", 0),
        ("a/tests/b.rs", "x.unwrap(); unsafe {}", 1),
        ("tests_of.rs", "x.unwrap()", 1),
    ] {
        assert_eq!(panics(Path::new(file), text).len(), count, "{file}: {text}");
    }
}

/// A file holds one idea, and begins by saying which.
#[test]
fn files_say_what_they_are_and_are_short() {
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        let name = format!("src/{}", file.display());
        let first = text.lines().next().unwrap_or_default();
        if !first.starts_with("//! ") || first.len() < 15 {
            wrong.push(format!("{name}: does not begin with a `//!` line"));
        }
        let lines = text.lines().count();
        if lines > 400 {
            wrong.push(format!("{name}: {lines} lines, more than 400"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `tests/pictures` makes them. They stand in addresses within the docs, as they are: no sign may end the attribute or the
/// address, and every theme of the docs shows them on a ground of their own.
#[test]
fn the_guide_shows_the_pictures_of_the_readme() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let guide = fs::read_to_string(root.join("src/manual/banner.rs")).unwrap();
    assert_eq!(
        guide.matches("\"<p><img alt=").count(),
        4,
        "outside of a block, the drawing's first line would be HTML"
    );
    let pictures: Vec<_> = fs::read_dir(root.join("src/manual/pictures")).unwrap().collect();
    assert_eq!(pictures.len(), 4);
    for picture in pictures {
        let picture = picture.unwrap().path();
        let name = picture.file_name().unwrap().to_str().unwrap();
        let drawing = fs::read_to_string(&picture).unwrap();
        assert!(drawing.starts_with("<svg ") && drawing.trim_end().ends_with("</svg>"), "{name} is no drawing");
        assert!(!drawing.contains(['"', '&', '#', '%']) && !drawing.contains("\n\n"), "{name} ends its address");
        assert!(drawing.contains(" fill='rgb("), "{name} has no ground");
        assert!(drawing.len() < 12_000, "{name} is too large for a page of docs");
        assert!(readme.contains(&format!("(src/manual/pictures/{name})")), "{name} is not in the README");
        assert!(guide.contains(&format!("pictures/{name}\"")), "{name} is not in the guide");
    }
}

// What the types promise.

/// Whether a type has a trait, as a constant.
macro_rules! has {
    ($type:ty: $trait:path) => {{
        #[allow(dead_code)]
        trait Otherwise {
            const ANSWER: bool = false;
        }
        struct Ask<T: ?Sized>(PhantomData<T>);
        impl<T: ?Sized> Otherwise for Ask<T> {}
        #[allow(dead_code)]
        impl<T: ?Sized + $trait> Ask<T> {
            const ANSWER: bool = true;
        }
        <Ask<$type>>::ANSWER
    }};
}

/// Neither `Send`, `Sync`, `Unpin`, `Clone` nor `Debug`.
struct Nothing(#[allow(dead_code)] Rc<()>, #[allow(dead_code)] PhantomPinned);
/// `Send` and not `Sync`.
type OnlySend = Cell<u8>;
/// `Sync` and not `Send`.
type OnlySync = std::sync::MutexGuard<'static, u8>;

#[test]
fn auto_traits_are_those_of_what_is_inside() {
    macro_rules! assert_all {
        ($($type:ty: $($trait:path = $answer:literal),+;)+) => {
            $($(assert_eq!(has!($type: $trait), $answer, "{}: {}", stringify!($type), stringify!($trait));)+)+
        };
    }
    assert_all! {
        ConsentLayer: Send = true, Sync = true, Clone = true, Unpin = true, std::fmt::Debug = true;
        ConsentService<()>: Send = true, Sync = true, Clone = true, Unpin = true, std::fmt::Debug = true;
        ConsentService<Nothing>: Send = false, Sync = false, Clone = false, Unpin = false, std::fmt::Debug = false;
        ConsentService<OnlySend>: Send = true, Sync = false;
        ConsentService<OnlySync>: Send = false, Sync = true;
        ResponseFuture<()>: Send = true, Sync = true, Unpin = true, std::fmt::Debug = true;
        ResponseFuture<Nothing>: Send = false, Sync = false, Unpin = false, std::fmt::Debug = false;
        ResponseFuture<OnlySend>: Send = true, Sync = false;
        ResponseFuture<OnlySync>: Send = false, Sync = true;
        Policy: Send = true, Sync = true, Unpin = true;
        PolicyBuilder: Send = true, Sync = true, Clone = true, Unpin = true;
        Decision: Send = true, Sync = true, Clone = true, Unpin = true;
        ConsentContext: Send = true, Sync = true, Clone = true, Unpin = true;
        ConsentChange: Send = true, Sync = true, Clone = true, Unpin = true;
        ConfigError: Send = true, Sync = true, Clone = true, std::error::Error = true;
        Category: Send = true, Sync = true, Copy = true;
        Signals: Send = true, Sync = true, Copy = true;
        Lifetime: Send = true, Sync = true, Copy = true;
        Narrow: Send = true, Sync = true, Clone = true;
    }
    assert_all! {
        Tokens: Send = true, Sync = true, Clone = true, Unpin = true, std::fmt::Debug = true;
        TokensBuilder: Send = true, Sync = true, Unpin = true;
        TokenLayer: Send = true, Sync = true, Clone = true, Unpin = true, std::fmt::Debug = true;
        TokenService<()>: Send = true, Sync = true, Clone = true, Unpin = true, std::fmt::Debug = true;
        TokenService<Nothing>: Send = false, Sync = false, Clone = false, Unpin = false, std::fmt::Debug = false;
        TokenService<OnlySend>: Send = true, Sync = false;
        TokenService<OnlySync>: Send = false, Sync = true;
        TokenFuture<()>: Send = true, Sync = true, Unpin = true, std::fmt::Debug = true;
        TokenFuture<Nothing>: Send = false, Sync = false, Unpin = false, std::fmt::Debug = false;
        TokenFuture<OnlySend>: Send = true, Sync = false;
        TokenFuture<OnlySync>: Send = false, Sync = true;
        RequireSession: Send = true, Sync = true, Copy = true, Unpin = true, std::fmt::Debug = true;
        RequireSessionService<()>: Send = true, Sync = true, Clone = true, Unpin = true, std::fmt::Debug = true;
        RequireSessionService<Nothing>: Send = false, Sync = false, Clone = false, Unpin = false, std::fmt::Debug = false;
        RequireSessionFuture<(), (), ()>: Send = true, Unpin = true, std::fmt::Debug = true;
        RequireSessionFuture<(), OnlySend, OnlySend>: Send = true;
        RequireSessionFuture<(), (), Nothing>: Send = false, Unpin = false, std::fmt::Debug = true;
        RequireSessionFuture<OnlySync, (), ()>: Send = false;
        TokenContext: Send = true, Sync = true, Clone = true, Unpin = true;
        Session: Send = true, Sync = true, Clone = true, Unpin = true;
        SignIn: Send = true, Sync = true, Clone = true, Unpin = true;
        SignedIn: Send = true, Sync = true, Clone = true, Unpin = true, std::fmt::Debug = true;
        Ended: Send = true, Sync = true, Copy = true, Unpin = true;
        Issued: Send = true, Sync = true, Clone = true;
        NewToken: Send = true, Sync = true, Clone = true;
        SessionRejection: Send = true, Sync = true, std::error::Error = true;
        RejectionKind: Send = true, Sync = true, Clone = true;
        StoreError: Send = true, Sync = true, Clone = true, std::error::Error = true;
        TokenRecord: Send = true, Sync = true, Clone = true;
        TokenRules: Send = true, Sync = true, Clone = true;
        TokenDigest: Send = true, Sync = true, Copy = true, std::fmt::Display = true;
        MemoryStore: Send = true, Sync = true, Clone = true;
        StoreFuture<'static, bool>: Send = true, Unpin = true;
        dyn TokenStore: Send = true, Sync = true;
    }
    assert_all! {
        VisitLog: Send = true, Sync = true, Clone = true, Unpin = true, std::fmt::Debug = true;
        VisitLayer: Send = true, Sync = true, Clone = true, Unpin = true, std::fmt::Debug = true;
        VisitService<()>: Send = true, Sync = true, Clone = true, Unpin = true, std::fmt::Debug = true;
        VisitService<Nothing>: Send = false, Sync = false, Clone = false, Unpin = false, std::fmt::Debug = false;
        VisitFuture<()>: Send = true, Sync = true, Unpin = true, std::fmt::Debug = true;
        VisitFuture<Nothing>: Send = false, Sync = false, Unpin = false, std::fmt::Debug = false;
        VisitFuture<OnlySend>: Send = true, Sync = false;
        VisitBody<()>: Send = true, Sync = true, Unpin = true, std::fmt::Debug = true;
        VisitBody<Nothing>: Send = false, Sync = false, Unpin = false, std::fmt::Debug = false;
        VisitBody<OnlySync>: Send = false, Sync = true;
        Visit: Send = true, Sync = true, Clone = true, Unpin = true;
    }
}

/// A secret leaves by one method alone: nothing prints it, nothing writes it to a file, nothing compares it byte by byte.
#[test]
fn a_token_has_no_way_out_but_one() {
    assert!(has!(Token: Clone) && has!(Token: std::fmt::Debug));
    assert!(!has!(Token: Copy) && !has!(Token: std::fmt::Display) && !has!(Token: serde::Serialize));
    assert!(!has!(Token: PartialEq) && !has!(Token: AsRef<[u8]>) && !has!(Token: AsRef<str>));
    assert!(!has!(Issued: serde::Serialize) && !has!(SignedIn: serde::Serialize) && !has!(SignedIn: std::fmt::Display));
}

/// An error that is nothing but a type: no `Error`, no `Debug`, not `Send`.
struct Odd(Rc<str>);
/// Bodies that the layer cannot know.
struct Letter<'a>(&'a Cell<u32>);
struct Stone(Rc<u32>);

/// A service that borrows, that cannot be sent, cloned or printed, and is not ready when it is asked first.
struct Difficult<'a> {
    asked: &'a Cell<u32>,
    is_broken: bool,
}

/// A future that must not be moved and takes its time.
struct Slow<'a> {
    letter: Option<Letter<'a>>,
    seen: Option<HeaderValue>,
    _stays: PhantomPinned,
}

impl<'a> Service<Request<Letter<'a>>> for Difficult<'a> {
    type Response = Response<Stone>;
    type Error = Odd;
    type Future = Slow<'a>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Odd>> {
        self.asked.set(self.asked.get() + 1);
        match self.asked.get() {
            1 => Poll::Pending,
            _ if self.is_broken => Poll::Ready(Err(Odd(Rc::from("not ready")))),
            _ => Poll::Ready(Ok(())),
        }
    }

    fn call(&mut self, request: Request<Letter<'a>>) -> Slow<'a> {
        let seen = request.headers().get("cookie").cloned();
        Slow { letter: Some(request.into_body()), seen, _stays: PhantomPinned }
    }
}

impl Future for Slow<'_> {
    type Output = Result<Response<Stone>, Odd>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        // The fields are no pinned ones; a copy of what is read needs no way to them.
        let seen = self.seen.clone();
        let letter = self.letter.as_ref().map(|letter| letter.0);
        if letter.is_some_and(|letter| letter.replace(letter.get() + 1) == 0) {
            return Poll::Pending;
        }
        match seen {
            Some(seen) if seen == "csrf=1" => {
                let answer = Response::builder().header("set-cookie", "_ga=1").header("set-cookie", "csrf=2");
                Poll::Ready(Ok(answer.body(Stone(Rc::new(42))).unwrap()))
            }
            _ => Poll::Ready(Err(Odd(Rc::from("no csrf")))),
        }
    }
}

fn layer() -> ConsentLayer {
    let policy = Policy::builder().essential(["csrf"]).cookies(Category::ANALYTICS, ["_ga"]);
    ConsentLayer::new(policy.build().unwrap())
}

/// The layer asks nothing of a service, its bodies, its future or its error, and passes readiness on.
#[test]
fn a_difficult_service_works() {
    let (asked, letters) = (Cell::new(0), Cell::new(0));
    let mut service = layer().layer(Difficult { asked: &asked, is_broken: false });
    let mut context = Context::from_waker(Waker::noop());
    assert!(service.poll_ready(&mut context).is_pending());
    assert!(matches!(service.poll_ready(&mut context), Poll::Ready(Ok(()))));
    assert_eq!((asked.get(), service.inner().asked.get(), service.inner_mut().is_broken), (2, 2, false));

    let request = Request::builder().header("cookie", "_ga=1; csrf=1").body(Letter(&letters)).unwrap();
    let mut answer = pin!(service.call(request));
    assert!(answer.as_mut().poll(&mut context).is_pending());
    let Poll::Ready(Ok(response)) = answer.poll(&mut context) else { panic!("no answer") };
    assert_eq!(response.headers().get_all("set-cookie").iter().collect::<Vec<_>>(), ["csrf=2"]);
    assert_eq!(*response.into_body().0, 42);
    assert_eq!(letters.get(), 2, "the body came through, and the future was polled as often as the layer's");
    assert!(!service.into_inner().is_broken);
}

/// Enforcement cannot fail: an error is the inner service's own, the very same value.
#[test]
fn errors_pass_untouched() {
    let (asked, letters) = (Cell::new(1), Cell::new(7));
    let mut context = Context::from_waker(Waker::noop());
    let mut service = layer().layer(Difficult { asked: &asked, is_broken: true });
    let Poll::Ready(Err(Odd(error))) = service.poll_ready(&mut context) else { panic!("ready") };
    assert_eq!(&*error, "not ready");
    let request = Request::builder().header("cookie", "_ga=1").body(Letter(&letters)).unwrap();
    let Poll::Ready(Err(Odd(error))) = pin!(service.call(request)).poll(&mut context) else { panic!("no error") };
    assert_eq!((&*error, Rc::strong_count(&error)), ("no csrf", 1));
}

/// The token layer asks no more of a service than the consent layer does.
#[test]
fn a_difficult_service_works_with_tokens() {
    let (asked, letters) = (Cell::new(0), Cell::new(0));
    let tokens = Tokens::new(MemoryStore::new());
    let difficult = Difficult { asked: &asked, is_broken: false };
    let mut service = layer().with_tokens(tokens.clone()).layer(TokenLayer::new(tokens.clone()).layer(difficult));
    let mut context = Context::from_waker(Waker::noop());
    assert!(service.poll_ready(&mut context).is_pending());
    assert!(matches!(service.poll_ready(&mut context), Poll::Ready(Ok(()))));
    let request = Request::builder().header("cookie", "_ga=1; csrf=1").body(Letter(&letters)).unwrap();
    let mut answer = pin!(service.call(request));
    assert!(answer.as_mut().poll(&mut context).is_pending());
    let Poll::Ready(Ok(response)) = answer.poll(&mut context) else { panic!("no answer") };
    assert_eq!(response.headers().get_all("set-cookie").iter().collect::<Vec<_>>(), ["csrf=2"]);

    let difficult = Difficult { asked: &asked, is_broken: true };
    let mut service = TokenLayer::new(tokens).layer(difficult);
    let Poll::Ready(Err(Odd(error))) = service.poll_ready(&mut context) else { panic!("ready") };
    assert_eq!(&*error, "not ready");
    let request = Request::new(Letter(&letters));
    let Poll::Ready(Err(Odd(error))) = pin!(service.call(request)).poll(&mut context) else { panic!("no error") };
    assert_eq!(&*error, "no csrf");
}

/// A body that an answer of ours can become.
struct Page(Bytes, #[allow(dead_code)] Rc<()>);

impl From<Bytes> for Page {
    fn from(text: Bytes) -> Self {
        Self(text, Rc::new(()))
    }
}

/// The guard clones a service, because it is called later than it was asked whether it is ready, and asks nothing else: it
/// may borrow, and neither it nor its bodies, its future or its error can be sent.
#[test]
fn a_guard_works_over_a_service_that_cannot_be_sent() {
    #[derive(Clone)]
    struct Local<'a>(&'a Cell<u32>, #[allow(dead_code)] Rc<()>);
    impl<'a> Service<Request<Letter<'a>>> for Local<'a> {
        type Response = Response<Page>;
        type Error = Odd;
        type Future = std::future::Ready<Result<Response<Page>, Odd>>;
        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Odd>> {
            Poll::Ready(Ok(()))
        }
        fn call(&mut self, request: Request<Letter<'a>>) -> Self::Future {
            self.0.set(self.0.get() + request.body().0.get());
            std::future::ready(Ok(Response::new(Bytes::from_static(b"in").into())))
        }
    }
    let (runs, letters) = (Cell::new(0), Cell::new(1));
    let tokens = Tokens::new(MemoryStore::new());
    let mut context = Context::from_waker(Waker::noop());
    let Poll::Ready(Ok(issued)) = pin!(tokens.issue("user-17")).poll(&mut context) else { panic!("no token") };
    let cookie = format!("__Host-token={}", issued.token().expose());
    let mut service = TokenLayer::new(tokens).layer(RequireSession.layer(Local(&runs, Rc::new(()))));
    for (cookie, text) in [("a=b", "You are not signed in.\n"), (&*cookie, "in")] {
        assert!(matches!(service.poll_ready(&mut context), Poll::Ready(Ok(()))));
        let request = Request::builder().header("cookie", cookie).body(Letter(&letters)).unwrap();
        let Poll::Ready(Ok(answer)) = pin!(service.call(request)).poll(&mut context) else { panic!("no answer") };
        assert_eq!(answer.body().0, text);
    }
    assert_eq!(runs.get(), 1);
}
