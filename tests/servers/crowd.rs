//! Many visitors at a time, who do all that visitors do, in any order; and what was acknowledged to them.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{task::JoinSet, time};

use crate::person::{Answer, FORM, JSON, Person, TOKEN, Wire};

/// What the servers have promised.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// Tokens that must be taken, and whose they are.
    pub(crate) alive: HashMap<String, String>,
    /// Tokens that must be refused.
    pub(crate) ended: HashSet<String>,
    /// Records that must show a grant.
    pub(crate) granted: HashSet<String>,
    /// Records that must show a withdrawal too.
    pub(crate) withdrawn: HashSet<String>,
    /// Records of which nothing may be left.
    pub(crate) erased: HashSet<String>,
    /// How often what was answered how; 0 for no answer.
    pub(crate) statuses: BTreeMap<(&'static str, u16), u64>,
    /// Answers that nobody should get.
    pub(crate) wrong: Vec<String>,
    /// How long each answer took, in microseconds.
    pub(crate) times: Vec<u32>,
}

impl Ledger {
    pub(crate) fn requests(&self) -> u64 {
        self.statuses.values().sum()
    }

    /// How often something was answered like this.
    pub(crate) fn count(&self, is_it: impl Fn(&str, u16) -> bool) -> u64 {
        self.statuses.iter().filter(|((what, status), _)| is_it(what, *status)).map(|(_, count)| count).sum()
    }

    /// How long so many of a thousand answers took at most.
    pub(crate) fn time_of(&mut self, per_mille: usize) -> Duration {
        self.times.sort_unstable();
        let at = (self.times.len() * per_mille / 1_000).min(self.times.len().saturating_sub(1));
        Duration::from_micros(self.times.get(at).copied().unwrap_or(0).into())
    }
}

/// Where visitors go, and what may go wrong there for now.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) wire: Wire,
    servers: Mutex<Vec<SocketAddr>>,
    pub(crate) ledger: Mutex<Ledger>,
    /// A server or the store may be away: no answer, and 503, are as expected as the right one.
    pub(crate) is_troubled: AtomicBool,
    stop: AtomicBool,
}

impl Place {
    pub(crate) fn new(wire: &Wire, servers: Vec<SocketAddr>) -> Arc<Self> {
        Arc::new(Self {
            wire: wire.clone(),
            servers: Mutex::new(servers),
            ledger: Mutex::default(),
            is_troubled: AtomicBool::new(false),
            stop: AtomicBool::new(false),
        })
    }

    pub(crate) fn servers(&self) -> Vec<SocketAddr> {
        self.servers.lock().unwrap().clone()
    }

    pub(crate) fn set_servers(&self, servers: Vec<SocketAddr>) {
        *self.servers.lock().unwrap() = servers;
    }
}

/// The visitors, until they are told to go home.
pub(crate) struct Crowd {
    pub(crate) place: Arc<Place>,
    visitors: JoinSet<()>,
}

impl Crowd {
    /// So many visitors, who ask so often a second, all together.
    pub(crate) fn begin(place: &Arc<Place>, count: u32, rate: u32) -> Self {
        let mut visitors = JoinSet::new();
        let pause = Duration::from_secs(1) * count / rate;
        for number in 0..count {
            let place = Arc::clone(place);
            visitors.spawn(async move {
                time::sleep(pause * number / count).await;
                let mut visitor = Visitor::new(&place, number);
                let mut ticks = time::interval(pause);
                ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
                while !place.stop.load(Ordering::Acquire) {
                    ticks.tick().await;
                    visitor.act().await;
                }
            });
        }
        Self { place: Arc::clone(place), visitors }
    }

    /// Waits until all have their last answer.
    pub(crate) async fn end(mut self) {
        self.place.stop.store(true, Ordering::Release);
        while let Some(visitor) = self.visitors.join_next().await {
            visitor.unwrap();
        }
        self.place.stop.store(false, Ordering::Release);
    }
}

struct Visitor {
    place: Arc<Place>,
    number: u32,
    /// How often this visitor began anew.
    life: u32,
    person: Person,
    /// Of a program of theirs.
    bearer: Option<String>,
    /// The records of this name: an erasure takes those that were written while it was signed in, too.
    records: HashSet<String>,
    /// Of a generator that repeats itself in every run (splitmix64).
    seed: u64,
}

/// Nothing is known of what an action came to.
struct Lost;

impl Visitor {
    fn new(place: &Arc<Place>, number: u32) -> Self {
        let (place, person) = (Arc::clone(place), Person::new(&place.wire));
        Self { place, number, life: 0, person, bearer: None, records: HashSet::new(), seed: u64::from(number) << 32 }
    }

    fn name(&self) -> String {
        format!("user-{}-{}", self.number, self.life)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.seed ^ (self.seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn server(&mut self) -> SocketAddr {
        let servers = self.place.servers();
        let at = self.below(servers.len() as u64);
        servers[usize::try_from(at).unwrap()]
    }

    fn ledger<R>(&self, change: impl FnOnce(&mut Ledger) -> R) -> R {
        change(&mut self.place.ledger.lock().unwrap())
    }

    /// Notes an answer, and gives it where it is the expected one.
    fn note(
        &self,
        what: &'static str,
        began: Instant,
        answer: Option<Answer>,
        expected: u16,
        is_it: impl FnOnce(&Answer) -> bool,
    ) -> Result<Answer, Lost> {
        let status = answer.as_ref().map_or(0, |answer| answer.status);
        let took = u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX);
        self.ledger(|ledger| {
            *ledger.statuses.entry((what, status)).or_default() += 1;
            ledger.times.push(took);
        });
        match answer {
            Some(answer) if status == expected && is_it(&answer) => Ok(answer),
            None | Some(Answer { status: 503, .. }) if self.place.is_troubled.load(Ordering::Acquire) => Err(Lost),
            other => {
                let told =
                    format!("{what}: {:?}, {expected} was expected", other.map(|other| (other.status, other.body)));
                self.ledger(|ledger| ledger.wrong.push(told));
                Err(Lost)
            }
        }
    }

    async fn get(
        &mut self,
        what: &'static str,
        path: &str,
        is_it: impl FnOnce(&Answer) -> bool,
    ) -> Result<Answer, Lost> {
        let (server, began) = (self.server(), Instant::now());
        let answer = self.person.get(server, path).await;
        self.note(what, began, answer, 200, is_it)
    }

    async fn post(&mut self, what: &'static str, path: &str, form: &str, expected: u16) -> Result<Answer, Lost> {
        let (server, began) = (self.server(), Instant::now());
        let answer = self.person.post(server, path, form).await;
        self.note(what, began, answer, expected, |_| true)
    }

    /// What nobody can tell any more of this visitor's sign-ins is forgotten, and the visitor comes back as another one.
    fn begin_anew(&mut self) {
        let name = self.name();
        self.ledger(|ledger| ledger.alive.retain(|_, whose| *whose != name));
        self.forget();
    }

    async fn act(&mut self) {
        let is_in = self.person.token().is_some();
        let done = match self.below(100) {
            0..30 => self.visit().await,
            30..36 => self.accept("accept-all").await,
            36..39 => self.accept("save&category=analytics").await,
            39..43 => self.accept_by_api().await,
            43..49 => self.withdraw().await,
            49..51 => self.post("refusal", "/privacy/choice", "action=reject-all", 303).await.map(drop),
            51..61 => self.sign_in().await,
            61..64 if is_in => self.rotate().await,
            64..69 if is_in => self.sign_out("sign-out", "/sign-out").await,
            69..70 if is_in => self.sign_out("sign-out everywhere", "/sign-out-everywhere").await,
            70..74 => self.take_bearer().await,
            74..84 => self.call().await,
            84..90 => self.exercise().await,
            90..100 => self.disturb().await,
            _ => self.visit().await,
        };
        if done.is_err() {
            self.begin_anew();
        }
    }

    async fn visit(&mut self) -> Result<(), Lost> {
        // An account's own opt-out is remembered for a minute by each server: what passes of who is signed in may differ.
        let expected = match (self.person.token(), self.person.record()) {
            (Some(_), _) => format!("{}, analytics ", self.name()),
            (None, Some(_)) => "nobody, analytics on".to_owned(),
            (None, None) => "nobody, analytics off".to_owned(),
        };
        self.get("visit", "/", |answer| answer.body.starts_with(&expected)).await.map(drop)
    }

    /// The record of the choice, which was on record before the answer left.
    fn note_grant(&mut self) {
        if let Some(id) = self.person.record().map(str::to_owned) {
            self.ledger(|ledger| ledger.granted.insert(id.clone()));
            self.records.insert(id);
        }
    }

    async fn accept(&mut self, action: &str) -> Result<(), Lost> {
        let form = format!("action={action}&revision=1&return=/");
        self.post("grant", "/privacy/choice", &form, 303).await?;
        self.note_grant();
        Ok(())
    }

    async fn accept_by_api(&mut self) -> Result<(), Lost> {
        let (server, began) = (self.server(), Instant::now());
        let body = "{\"all\":true,\"revision\":1}";
        let answer = self.person.ask(server, "POST", "/privacy/api/choice", body, JSON, "same-origin").await;
        self.note("grant by API", began, answer, 200, |_| true)?;
        self.note_grant();
        Ok(())
    }

    async fn withdraw(&mut self) -> Result<(), Lost> {
        let held = self.person.record().map(str::to_owned);
        self.post("withdrawal", "/privacy/choice", "action=withdraw&return=/", 303).await?;
        if let Some(id) = held {
            self.ledger(|ledger| {
                if ledger.granted.contains(&id) {
                    ledger.withdrawn.insert(id);
                }
            });
        }
        Ok(())
    }

    async fn sign_in(&mut self) -> Result<(), Lost> {
        let (name, old) = (self.name(), self.person.token().map(str::to_owned));
        self.post("sign-in", "/sign-in", &format!("name={name}"), 303).await?;
        let new = self.person.token().map(str::to_owned);
        self.ledger(|ledger| match new {
            Some(new) => {
                ledger.end(old);
                ledger.alive.insert(new, name);
            }
            None => ledger.wrong.push("a sign-in without a token".to_owned()),
        });
        Ok(())
    }

    async fn rotate(&mut self) -> Result<(), Lost> {
        let (name, old) = (self.name(), self.person.token().map(str::to_owned));
        self.post("rotation", "/rotate", "", 200).await?;
        let new = self.person.token().map(str::to_owned);
        self.ledger(|ledger| {
            ledger.end(old);
            ledger.alive.extend(new.map(|new| (new, name)));
        });
        Ok(())
    }

    async fn sign_out(&mut self, what: &'static str, path: &str) -> Result<(), Lost> {
        let (name, old) = (self.name(), self.person.token().map(str::to_owned));
        self.post(what, path, "", 204).await?;
        self.ledger(|ledger| if what == "sign-out" { ledger.end(old) } else { ledger.end_all_of(&name) });
        if what != "sign-out" {
            self.bearer = None;
        }
        Ok(())
    }

    /// A token for a program of the visitor's; of two the older one is ended.
    async fn take_bearer(&mut self) -> Result<(), Lost> {
        let (server, name, began) = (self.server(), self.name(), Instant::now());
        let program = &mut Person::new(&self.place.wire);
        let answer = program.post(server, "/sign-in", &format!("name={name}&bearer=true")).await;
        let token = self.note("sign-in of a program", began, answer, 200, |answer| answer.body.len() == 43)?.body;
        self.ledger(|ledger| ledger.alive.insert(token.clone(), name));
        if let Some(old) = self.bearer.replace(token) {
            let (server, began) = (self.server(), Instant::now());
            let answer = self.place.wire.by_bearer(server, "POST", "/sign-out", &old).await;
            self.note("sign-out of a program", began, answer, 204, |_| true)?;
            self.ledger(|ledger| ledger.end(Some(old)));
        }
        Ok(())
    }

    async fn call(&mut self) -> Result<(), Lost> {
        let Some(token) = self.bearer.clone() else {
            return self
                .get("state by API", "/privacy/api/state", |answer| answer.body.starts_with('{'))
                .await
                .map(drop);
        };
        let (server, name, began) = (self.server(), self.name(), Instant::now());
        let answer = self.place.wire.by_bearer(server, "GET", "/account", &token).await;
        self.note("call of a program", began, answer, 200, |answer| answer.body == name).map(drop)
    }

    /// Rights of a person: to see, to have corrected, to have erased.
    async fn exercise(&mut self) -> Result<(), Lost> {
        let (is_in, held) = (self.person.token().is_some(), self.person.record().map(str::to_owned));
        let data = "/privacy/your-data";
        match self.below(8) {
            0..2 => self.get("your data", data, |_| true).await.map(drop),
            2..4 if is_in => self.post("request", "/request", "", 200).await.map(drop),
            4 | 5 if is_in => self.post("export", data, "action=export", 200).await.map(drop),
            6 if is_in || held.is_some() => {
                self.post("correction", data, "action=correct&text=Ada", 200).await.map(drop)
            }
            7 if is_in || held.is_some() => {
                let done = self.post("erasure", data, "action=erase&confirm=yes", 200).await;
                if done.is_err() {
                    self.forget_records();
                }
                done?;
                let name = self.name();
                self.ledger(|ledger| {
                    ledger.erased.extend(held);
                    if is_in {
                        ledger.end_all_of(&name);
                    }
                });
                self.forget_records();
                self.forget();
                Ok(())
            }
            _ => self.get("script", "/privacy/consent.js", |_| true).await.map(drop),
        }
    }

    /// What may have been erased is not looked for any more.
    fn forget_records(&mut self) {
        let records = std::mem::take(&mut self.records);
        self.ledger(|ledger| {
            ledger.granted.retain(|id| !records.contains(id));
            ledger.withdrawn.retain(|id| !records.contains(id));
        });
    }

    /// Goes on as somebody else.
    fn forget(&mut self) {
        self.life += 1;
        self.person = Person::new(&self.place.wire);
        self.bearer = None;
        self.records.clear();
    }

    /// What no visitor should send: each has its own refusal, and changes nothing.
    async fn disturb(&mut self) -> Result<(), Lost> {
        let mut stranger = Person::new(&self.place.wire);
        let long = "x".repeat(20 << 10);
        let (choice, api) = ("/privacy/choice", "/privacy/api/choice");
        let unknown = "A".repeat(43);
        let (method, path, body, kind, from, expected) = match self.below(10) {
            0 => ("GET", "/account", "", FORM, "none", 401),
            1 => {
                stranger.cookies.insert(TOKEN.to_owned(), unknown);
                ("GET", "/account", "", FORM, "none", 401)
            }
            2 => {
                stranger.cookies.insert(crate::person::CONSENT.to_owned(), "v1;\\%00~garbage#".to_owned());
                ("GET", "/", "", FORM, "none", 200)
            }
            3 => ("POST", choice, "action=accept-all&revision=1", FORM, "cross-site", 403),
            4 => ("POST", choice, "action=accept-all&revision=2", FORM, "same-origin", 409),
            5 => ("POST", choice, "action=%FF", FORM, "same-origin", 400),
            6 => ("POST", choice, &*long, FORM, "same-origin", 413),
            7 => ("POST", api, "{\"all\":", JSON, "same-origin", 400),
            8 => ("GET", choice, "", FORM, "same-origin", 405),
            _ => ("GET", "/no/such/page", "", FORM, "none", 404),
        };
        let (server, began) = (self.server(), Instant::now());
        let answer = stranger.ask(server, method, path, body, kind, from).await;
        self.note("garbage", began, answer, expected, |_| true).map(drop)
    }
}

impl Ledger {
    fn end(&mut self, token: Option<String>) {
        if let Some(token) = token {
            self.alive.remove(&token);
            self.ended.insert(token);
        }
    }

    fn end_all_of(&mut self, name: &str) {
        let ended: Vec<_> = self.alive.extract_if(|_, whose| whose == name).map(|(token, _)| token).collect();
        self.ended.extend(ended);
    }
}
