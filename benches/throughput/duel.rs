//! A contender and its base, in turn.

use std::{fs, path::PathBuf, time::Duration};

use http::header::{HeaderMap, HeaderName, HeaderValue};

use super::{
    Result,
    common::profiles::{self, CONSENT, ConsentKind, Profile, Template, set_cookie_lines},
    load::{Connection, Load, Sample},
    process::{Cores, Server},
    sites::{Contender, LINES, PAGE, SEEN},
};

/// Where servers run.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) cores: Cores,
    /// Where Redis is, if it is there.
    pub(crate) redis: Option<String>,
    /// Where files may be written.
    pub(crate) folder: PathBuf,
}

/// Turns of each within a pair: the machine's moods are longer than one.
const TURNS: u32 = 7;

/// Who runs in turn with whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Duel {
    pub(crate) profile: Profile,
    pub(crate) contender: Contender,
    pub(crate) base: Contender,
}

/// One pair.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(crate) base: Sample,
    pub(crate) own: Sample,
}

#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) duel: Duel,
    pub(crate) pairs: Vec<Pair>,
    /// Lines of visits that were lost, of all pairs.
    pub(crate) dropped: u64,
}

/// Who are held against each other beside bare, on `real`.
pub(crate) const RIVALS: [(Contender, Contender); 2] =
    [(Contender::Ours, Contender::Today), (Contender::OursRedis, Contender::SessionsRedis)];

impl Duel {
    pub(crate) fn all(profiles: &[Profile], contenders: &[Contender], has_redis: bool) -> Vec<Self> {
        let can_run = |contender: &Contender| contenders.contains(contender) && (has_redis || !contender.needs_redis());
        let mut duels = Vec::new();
        for &profile in profiles {
            let others = Contender::ALL.into_iter().filter(|contender| *contender != Contender::Bare);
            let others = others.filter(can_run);
            duels.extend(others.map(|contender| Self { profile, contender, base: Contender::Bare }));
        }
        if profiles.contains(&Profile::Real) {
            let rivals = RIVALS.into_iter().filter(|(own, base)| can_run(own) && can_run(base));
            duels.extend(rivals.map(|(contender, base)| Self { profile: Profile::Real, contender, base }));
        }
        duels
    }

    /// Runs all pairs, each in new processes: where things lie in memory differs from one to the next.
    pub(crate) fn run(self, place: &Place, pairs: usize, time: Duration) -> Result<Outcome> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let refuses = self.profile.consent() == ConsentKind::Refused;
        let mut outcome = Outcome { duel: self, pairs: Vec::new(), dropped: 0 };
        for number in 0..pairs {
            let folder = tempfile::tempdir_in(&place.folder)?;
            let start = |contender| Server::start(contender, refuses, place, folder.path());
            let (base, own) = (start(self.base)?, start(self.contender)?);
            outcome.pairs.push(runtime.block_on(self.pair([&base, &own], number, time))?);
            outcome.dropped += runtime.block_on(seen(&own))?.dropped;
            if self.contender == Contender::OursVisits && fs::read_dir(folder.path().join("visits"))?.next().is_none() {
                return Err("no visit was written".into());
            }
            eprint!(".");
        }
        Ok(outcome)
    }

    /// Base and contender in turn; who begins changes with each turn.
    async fn pair(self, servers: [&Server; 2], number: usize, time: Duration) -> Result<Pair> {
        let mut loads = Vec::new();
        for server in servers {
            let request = self.request(server)?;
            self.check(server, &request).await?;
            loads.push(Load::open(server, &request.bytes).await?);
        }
        for turn in 0..2 * TURNS as usize {
            // A B, B A, A B
            let who = (number + turn.div_ceil(2)) % 2;
            loads[who].stretch(time / TURNS).await?;
            // What a server still has to write belongs to its own turn.
            seen(servers[who]).await?;
        }
        let samples = loads.into_iter().map(Load::sample).collect::<Result<Vec<_>>>()?;
        Ok(Pair { base: samples[0], own: samples[1] })
    }

    fn request(self, server: &Server) -> Result<Request> {
        let (name, value) = server.consent.split_once('=').ok_or("no consent cookie")?;
        let template = Template::new(self.profile, false, value, &server.session)?;
        let request = template.request();
        let mut bytes = format!("GET {PAGE} HTTP/1.1\r\n").into_bytes();
        let mut renamed = 0;
        for (field, value) in request.headers() {
            let text = value.to_str()?;
            // The cookie of another banner takes the place of ours.
            let (before, after) = (format!("{CONSENT}="), format!("{name}="));
            let line = if field == "cookie" { text.replacen(&before, &after, 1) } else { text.to_owned() };
            renamed += line.len() as isize - text.len() as isize;
            bytes.extend_from_slice(format!("{field}: {line}\r\n").as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        let left = if server.contender.enforces() { template.allowed } else { template.sent };
        Ok(Request { bytes, left: left.saturating_add_signed(renamed) })
    }

    /// Makes sure that a contender does its work: one that does nothing is fast.
    async fn check(self, server: &Server, request: &Request) -> Result<()> {
        let mut connection = Connection::open(server).await?;
        let (head, _) = connection.ask(&request.bytes).await?;
        let head = headers(head)?;
        let lines = set_cookie_lines(LINES);
        let wanted = match server.contender.enforces() {
            true => profiles::allowed_lines(self.profile, &lines),
            false => lines.to_vec(),
        };
        let answered = profiles::lines_of(&head);
        let seen = seen(server).await?;
        let problem = if seen.cookie_bytes != request.left {
            format!("the page got {} bytes of cookies instead of {}", seen.cookie_bytes, request.left)
        } else if !wanted.iter().all(|line| answered.contains(line)) {
            format!("the answer sets {answered:?} instead of {wanted:?}")
        } else if !seen.found && server.contender.looks() && self.profile != Profile::None {
            "the page did not find what it looked for".to_owned()
        } else {
            return Ok(());
        };
        Err(format!("{} on {}: {problem}", server.contender.name(), self.profile.name()).into())
    }
}

/// As it goes over the wire.
struct Request {
    bytes: Vec<u8>,
    /// Bytes of cookies that the page is to get.
    left: usize,
}

fn headers(head: &[u8]) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for line in std::str::from_utf8(head)?.lines().skip(1) {
        let (name, value) = line.split_once(": ").ok_or("a field without a value")?;
        headers.append(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
    }
    Ok(headers)
}

/// What the page has seen last.
struct Seen {
    cookie_bytes: usize,
    found: bool,
    dropped: u64,
}

async fn seen(server: &Server) -> Result<Seen> {
    let request = format!("GET {SEEN} HTTP/1.1\r\nhost: www.example.com\r\n\r\n");
    let mut connection = Connection::open(server).await?;
    let (_, body) = connection.ask(request.as_bytes()).await?;
    let text = std::str::from_utf8(body)?;
    let [cookie_bytes, found, dropped] = text.split(' ').collect::<Vec<_>>()[..] else {
        return Err(format!("not what a page has seen: {text:?}").into());
    };
    Ok(Seen { cookie_bytes: cookie_bytes.parse()?, found: found == "true", dropped: dropped.parse()? })
}
