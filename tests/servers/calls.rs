//! How often a request asks the store, counted by the store's server itself.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    os::unix::net::UnixStream,
    path::PathBuf,
};

use crate::{
    fleet::{Fleet, IN_TESTS},
    on_both,
    person::{Person, TOKEN},
    process::{Backend, Kind, Settings},
};

on_both!(calls_of_each_request);

/// What the server of the store hears.
enum Ear {
    /// Every command, as `MONITOR` tells it; those that a script runs inside of the server are marked.
    Redis { lines: BufReader<UnixStream>, socket: PathBuf, marks: usize },
    /// Its log, in which every execution of a statement stands.
    Postgres { log: PathBuf, read: usize },
}

impl Ear {
    fn of(backend: &Backend) -> Self {
        match backend {
            Backend::Redis(server) => {
                let socket = server.socket();
                let mut stream = UnixStream::connect(&socket).unwrap();
                stream.write_all(b"MONITOR\r\n").unwrap();
                let mut ear = Self::Redis { lines: BufReader::new(stream), socket, marks: 0 };
                ear.heard();
                ear
            }
            Backend::Postgres { server, .. } => {
                let log = server.path("log");
                let read = std::fs::read(&log).unwrap().len();
                Self::Postgres { log, read }
            }
            _ => unreachable!("two stores"),
        }
    }

    /// How many round trips there were since the last time.
    fn heard(&mut self) -> usize {
        match self {
            Self::Redis { lines, socket, marks } => {
                *marks += 1;
                let mark = format!("mark-{marks}");
                let mut other = UnixStream::connect(socket).unwrap();
                write!(other, "ECHO {mark}\r\n").unwrap();
                let mut count = 0;
                loop {
                    let mut line = String::new();
                    assert!(lines.read_line(&mut line).unwrap() > 0, "the server goes on");
                    if line.contains(&mark) {
                        return count;
                    }
                    count += usize::from(line.starts_with('+') && line.contains(" [0 ") && !line.contains(" lua] "));
                }
            }
            Self::Postgres { log, read } => {
                let all = std::fs::read(log).unwrap();
                let new = String::from_utf8_lossy(&all[*read..]).into_owned();
                *read = all.len();
                new.lines()
                    .filter(|line| {
                        line.contains("|LOG: ") && (line.contains(" execute ") || line.contains(" statement: "))
                    })
                    .count()
            }
        }
    }
}

/// No call without a token; one for whoever is known, and one more a minute for what their account objects to; and so on.
/// These are the figures of `manual::scale`.
async fn calls_of_each_request(kind: Kind) {
    let settings = match kind {
        Kind::Postgres => &["log_min_duration_statement=0"][..],
        _ => &[],
    };
    let Some(fleet) = Fleet::start_with(kind, 2, settings, Settings::default(), IN_TESTS).await else { return };
    let (server, other) = (fleet.at(0), fleet.at(1));
    // What is done once a process, or once a day: statements are prepared, the first purge, the text of the question.
    for server in [server, other, server, other] {
        let mut first = fleet.person();
        first.choose(server, "accept-all").await.unwrap();
        first.choose(server, "withdraw").await.unwrap();
        first.sign_in(server, "first").await.unwrap();
        first.post(server, "/rotate", "").await.unwrap();
        first.post(server, "/sign-out", "").await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
    let mut ear = Ear::of(&fleet.backend);
    let mut told = Vec::new();
    let mut tell = |what: &'static str, ear: &mut Ear| told.push((what, ear.heard()));

    let mut stranger = fleet.person();
    stranger.get(server, "/").await.unwrap();
    tell("a page without a token", &mut ear);
    stranger.cookies.insert(TOKEN.to_owned(), "no token at all".to_owned());
    stranger.get(server, "/").await.unwrap();
    tell("a page with what is no token", &mut ear);
    stranger.cookies.insert(TOKEN.to_owned(), "A".repeat(43));
    stranger.get(server, "/").await.unwrap();
    tell("a page with an unknown token", &mut ear);
    let mut person = fleet.person();
    person.choose(server, "reject-all").await.unwrap();
    tell("a first refusal", &mut ear);
    person.choose(server, "accept-all").await.unwrap();
    tell("a grant", &mut ear);
    person.get(server, "/").await.unwrap();
    tell("a page with a consent cookie", &mut ear);
    person.choose(server, "withdraw").await.unwrap();
    tell("a withdrawal", &mut ear);
    let mut person: Person = fleet.person();
    person.sign_in(server, "ada").await.unwrap();
    tell("a sign-in", &mut ear);
    person.get(server, "/account").await.unwrap();
    tell("a page with a token, of whom this server has asked already", &mut ear);
    assert_eq!(person.get(other, "/account").await.unwrap().body, "ada");
    tell("the first one on another server", &mut ear);
    assert_eq!(person.get(server, "/health").await.unwrap().body, "well");
    tell("a page that does not ask for the session", &mut ear);
    for _ in 0..10 {
        assert_eq!(person.get(server, "/account").await.unwrap().status, 200);
    }
    tell("ten more", &mut ear);
    person.post(server, "/rotate", "").await.unwrap();
    tell("a rotation", &mut ear);
    person.post(server, "/sign-out", "").await.unwrap();
    tell("a sign-out", &mut ear);

    let expected = match kind {
        Kind::Redis => [0, 0, 1, 0, 1, 0, 3, 4, 1, 2, 1, 10, 6, 3],
        _ => [0, 0, 1, 0, 1, 0, 2, 2, 1, 2, 1, 10, 3, 2],
    };
    let counts: Vec<_> = told.iter().map(|(_, count)| *count).collect();
    assert_eq!(counts, expected, "{told:#?}");
}
