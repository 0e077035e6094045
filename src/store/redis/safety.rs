//! What a server must be set to, so that no token is lost and no revoked one comes back.

use redis::{Cmd, cmd};

use super::{connection::Connection, fault};
use crate::store::error::{StoreError, StoreErrorKind};

/// The oldest version that has every command.
const OLDEST: (u32, u32) = (6, 2);

/// What the application puts up with.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Accepted {
    pub(super) eviction: bool,
    pub(super) weak_persistence: bool,
    pub(super) records_without_log: bool,
}

/// A setting that is not as it must be.
struct Finding {
    setting: &'static str,
    value: String,
    wanted: &'static str,
    why: &'static str,
}

const UNSEEN: &str = "cannot be read";

/// Looks at every primary. Gives the reason why consent records cannot be kept there, if there is one.
pub(super) async fn check(
    connection: &mut Connection,
    address: &str,
    accepted: Accepted,
) -> Result<Option<StoreError>, StoreError> {
    let info = ask(connection, address, &cmd("INFO")).await?;
    let append = ask(connection, address, cmd("CONFIG").arg("GET").arg("*append*")).await?;
    let save = ask(connection, address, cmd("CONFIG").arg("GET").arg("save")).await?;
    let Some(info) = info else {
        let finding = Finding {
            setting: "INFO",
            value: UNSEEN.to_owned(),
            wanted: "that this user may ask for it",
            why: "nothing is known of the server's settings",
        };
        let is_accepted = accepted.eviction && accepted.weak_persistence;
        let refusal = (!accepted.records_without_log).then(|| no_records(address, UNSEEN));
        return if is_accepted { Ok(refusal) } else { Err(refuse(address, &[finding])) };
    };
    let mut refusal = None;
    for (node, info) in &info {
        let info = Info::of_text(info.clone(), fault_of(address, "INFO"))?;
        let append = pairs_of(&append, node, fault_of(address, "CONFIG"))?;
        let save = pairs_of(&save, node, fault_of(address, "CONFIG"))?;
        let place = if node.is_empty() { address } else { node };
        check_server(&info, connection.is_cluster(), place)?;
        check_master(&info, place)?;
        let mut findings = Vec::new();
        if !accepted.eviction {
            findings.extend(eviction(&info));
        }
        if !accepted.weak_persistence {
            findings.extend(persistence(&info, append.as_ref(), save.as_ref()));
        }
        if !findings.is_empty() {
            return Err(refuse(place, &findings));
        }
        let appendonly = appendonly(&info, append.as_ref());
        if appendonly != "yes" && !accepted.records_without_log {
            refusal = Some(no_records(place, appendonly));
        }
    }
    Ok(refusal)
}

/// A record is kept for years, and a token for days: who accepts that tokens are lost has not said it of records.
fn no_records(place: &str, appendonly: &str) -> StoreError {
    let message = format!(
        "{place}: appendonly: {appendonly}, wanted yes (a restart loses consent records); set it and open the store \
         again, or call accept_records_without_append_only_file"
    );
    StoreError::new(StoreErrorKind::Unsafe, message)
}

/// Whether the append-only file is on, in the server's words.
fn appendonly<'a>(info: &'a Info, append: Option<&'a Info>) -> &'a str {
    let is_on = info.value("aof_enabled").map(|enabled| if enabled == "1" { "yes" } else { "no" });
    append.and_then(|append| append.value("appendonly")).or(is_on).unwrap_or(UNSEEN)
}

/// Whether the server is a primary: asked on every new connection, because an address can lead elsewhere after a
/// failover. Where the server does not tell, [`check`] has refused it, or the application accepted that.
pub(super) async fn check_role(connection: &mut Connection, address: &str) -> Result<(), StoreError> {
    let Some(answers) = ask(connection, address, cmd("INFO").arg("replication")).await? else { return Ok(()) };
    for (_, info) in answers {
        check_master(&Info::of_text(info, fault_of(address, "INFO"))?, address)?;
    }
    Ok(())
}

type Answers = Vec<(String, redis::Value)>;

/// The answers of all primaries; none where the server does not let this user ask.
async fn ask(connection: &mut Connection, address: &str, command: &Cmd) -> Result<Option<Answers>, StoreError> {
    match connection.ask_all(command).await {
        Ok(answers) => Ok(Some(answers)),
        Err(error) if fault::is_refusal(&error) => Ok(None),
        Err(error) => Err(fault::of_command(address, "settings", error)),
    }
}

fn fault_of<'a>(address: &'a str, command: &'a str) -> impl Fn(redis::ParsingError) -> StoreError + 'a {
    move |error| fault::of_command(address, command, error.into())
}

/// Settings by name, of one node.
struct Info(Vec<(String, String)>);

impl Info {
    fn of_text(text: redis::Value, fault: impl Fn(redis::ParsingError) -> StoreError) -> Result<Self, StoreError> {
        let text: String = redis::from_redis_value(text).map_err(fault)?;
        let pairs = text.lines().filter_map(|line| line.split_once(':'));
        Ok(Self(pairs.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect()))
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn pairs_of(
    answers: &Option<Answers>,
    node: &str,
    fault: impl Fn(redis::ParsingError) -> StoreError,
) -> Result<Option<Info>, StoreError> {
    let Some((_, answer)) = answers.iter().flatten().find(|(known, _)| known == node) else { return Ok(None) };
    redis::from_redis_value(answer.clone()).map(|pairs| Some(Info(pairs))).map_err(fault)
}

fn check_server(info: &Info, is_cluster: bool, place: &str) -> Result<(), StoreError> {
    let wrong = |message: String| Err(StoreError::new(StoreErrorKind::Config, format!("{place}: {message}")));
    if let Some(version) = info.value("redis_version") {
        let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
        let found: (u32, u32) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        if found < OLDEST {
            return wrong(format!("server version {version}, wanted {}.{} or later", OLDEST.0, OLDEST.1));
        }
    }
    match info.value("redis_mode") {
        Some("sentinel") => wrong("is a Sentinel, wanted the primary that it watches".to_owned()),
        Some("cluster") if !is_cluster => wrong("is a node of a cluster: use `connect_cluster`".to_owned()),
        _ => Ok(()),
    }
}

fn check_master(info: &Info, place: &str) -> Result<(), StoreError> {
    match info.value("role") {
        Some("master") => Ok(()),
        role => {
            let finding = Finding {
                setting: "role",
                value: role.unwrap_or(UNSEEN).to_owned(),
                wanted: "master",
                why: "a replica still has what its primary has deleted",
            };
            Err(refuse(place, &[finding]))
        }
    }
}

/// Evicting drops tokens, and, what is worse, the lists by which all tokens of a subject are found.
fn eviction(info: &Info) -> Option<Finding> {
    let policy = info.value("maxmemory_policy").unwrap_or(UNSEEN);
    let why = "with it a log-out of all devices can miss some";
    (policy != "noeviction").then(|| Finding {
        setting: "maxmemory-policy",
        value: policy.to_owned(),
        wanted: "noeviction",
        why,
    })
}

fn persistence(info: &Info, append: Option<&Info>, save: Option<&Info>) -> Vec<Finding> {
    let set = |name: &str| append.and_then(|append| append.value(name));
    let appendonly = appendonly(info, append);
    if appendonly != "yes" {
        let why = match save.and_then(|save| save.value("save")) {
            Some("") => "and save is off: a restart loses every token, or brings an old snapshot back",
            _ => "a restart brings tokens back that were revoked since the last snapshot, and loses new ones",
        };
        return vec![Finding { setting: "appendonly", value: appendonly.to_owned(), wanted: "yes", why }];
    }
    let wanted = [
        ("appendfsync", "always", "a crash brings tokens back that were revoked just before, and loses new ones"),
        ("no-appendfsync-on-rewrite", "no", "while the log is rewritten a crash does the same"),
    ];
    let wrong = wanted.into_iter().filter(|(setting, wanted, _)| set(setting) != Some(*wanted));
    wrong
        .map(|(setting, wanted, why)| {
            let value = set(setting).unwrap_or(UNSEEN).to_owned();
            Finding { setting, value, wanted, why }
        })
        .collect()
}

fn refuse(place: &str, findings: &[Finding]) -> StoreError {
    let findings: Vec<String> = findings
        .iter()
        .map(|Finding { setting, value, wanted, why }| format!("{setting}: {value}, wanted {wanted} ({why})"))
        .collect();
    StoreError::new(StoreErrorKind::Unsafe, format!("{place}: {}", findings.join("; ")))
}
