//! A draft policy from browser recordings, before any code is touched; and a check for CI.
//!
//! ```text
//! cargo run --example inventory -- visit.har shop.har > policy.toml
//! cargo run --example inventory -- --check policy.toml visit.har
//! ```
//!
//! Record a visit with the browser's developer tools: Network, reload, click through the site, sign in, accept the banner,
//! then "Save all as HAR". Chrome leaves cookies out unless the developer tools' setting "Allow to generate HAR with
//! sensitive data" is on. A recording holds the values of cookies: keep it to yourself. What is printed here never does.
//!
//! The site is the host of the first request of each file (without `www.`) and everything below it; `--host` names others.
//! Cookies of other hosts are listed in a comment: this server never sees them.
//!
//! With `--check POLICY.toml` it lists what the recordings show and the policy does not declare. It ends with 0 if there
//! is nothing, with 1 if there is something, with 2 if it could not tell: no cookie in the files, or no request to a host
//! that `--host` names.

mod har;
mod site;

use std::{collections::BTreeSet, env, fs, process::ExitCode};

use tower_consent::{Inventory, Lifetime, ManualClock, Policy, PolicyBuilder, Retention};
use url::Host;

use self::site::{Elsewhere, Site, is_at};

const USAGE: &str = "usage: inventory [--host HOST]... [--check POLICY.toml] HAR-FILE...";

fn main() -> ExitCode {
    match run(env::args().skip(1)) {
        Ok(code) => code,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

#[derive(Default)]
struct Wish {
    hosts: Vec<String>,
    check: Option<String>,
    files: Vec<String>,
}

impl Wish {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut wish = Self::default();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{argument} lacks its value\n{USAGE}"));
            match argument.as_str() {
                "--host" => wish.hosts.push(host(&value()?)?),
                "--check" => wish.check = Some(value()?),
                _ if argument.starts_with('-') => return Err(format!("{argument} is not known\n{USAGE}")),
                _ => wish.files.push(argument),
            }
        }
        if wish.files.is_empty() { Err(USAGE.to_owned()) } else { Ok(wish) }
    }
}

/// A host as it stands in a URL: in lower case, in ASCII.
fn host(text: &str) -> Result<String, String> {
    let host = Host::parse(text).map_err(|error| format!("--host {text:?}: {error}; a host alone, without a port"))?;
    Ok(host.to_string())
}

fn run(arguments: impl Iterator<Item = String>) -> Result<ExitCode, String> {
    let wish = Wish::parse(arguments)?;
    let policy = wish.check.as_deref().map(read_policy).transpose()?;
    let seen = Seen::read(&wish)?;
    if !seen.has_cookies {
        let hint = "no cookie in these files; Chrome leaves them out of a HAR file unless the developer tools may write \
                    \"sensitive data\"";
        if policy.is_some() {
            return Err(hint.to_owned());
        }
        eprintln!("{hint}");
    }
    for host in wish.hosts.iter().filter(|host| !seen.hosts.iter().any(|asked| is_at(asked, host))) {
        let hint = format!("no request in these files goes to {host}");
        if policy.is_some() {
            return Err(hint);
        }
        eprintln!("{hint}");
    }
    match policy {
        Some(policy) => check(&seen, &policy),
        None => draft(&seen),
    }
}

fn read_policy(file: &str) -> Result<Policy, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let builder: PolicyBuilder = toml::from_str(&text).map_err(|error| format!("{file}: {error}"))?;
    builder.build().map_err(|error| format!("{file}: {error}"))
}

/// What the recordings show.
struct Seen {
    inventory: Inventory,
    elsewhere: Elsewhere,
    has_cookies: bool,
    /// Those of the site that are asked.
    hosts: BTreeSet<String>,
    /// Declares nothing, and forgets nothing for a century: recordings may be old.
    nothing: Policy,
}

impl Seen {
    fn read(wish: &Wish) -> Result<Self, String> {
        let retention = Retention::default().with_inventory(Lifetime::months(1_200));
        let nothing = Policy::builder().retention(retention).build().map_err(|error| error.to_string())?;
        let clock = ManualClock::default();
        let inventory = Inventory::with_clock(clock.clone());
        let mut elsewhere = Elsewhere::default();
        let (mut has_cookies, mut own) = (false, Vec::new());
        for file in &wish.files {
            let exchanges = har::read(file)?;
            let site = Site::of(&wish.hosts, exchanges.first().map(|first| first.host.as_str()));
            for exchange in exchanges {
                has_cookies |= !exchange.request.is_empty() || !exchange.response.is_empty();
                if site.has(&exchange.host) {
                    own.push(exchange);
                } else {
                    elsewhere.add(&exchange);
                }
            }
        }
        // Files may be named in any order.
        own.sort_by_key(|exchange| exchange.seconds);
        for exchange in &own {
            // Dates of expiry are judged as on that day.
            clock.set(exchange.seconds);
            inventory.see_request(&exchange.request, &nothing);
            inventory.see_response(&exchange.response, &nothing);
        }
        // Read as of the first day: so nothing is too old to be told of.
        clock.set(own.first().map_or(0, |first| first.seconds));
        let hosts = own.into_iter().map(|exchange| exchange.host).collect();
        Ok(Self { inventory, elsewhere, has_cookies, hosts, nothing })
    }
}

fn draft(seen: &Seen) -> Result<ExitCode, String> {
    let draft = seen.inventory.draft(&seen.nothing);
    print!("{draft}{}", seen.elsewhere);
    eprintln!("{} cookies wait for a person to decide", draft.undecided().count());
    Ok(ExitCode::SUCCESS)
}

fn check(seen: &Seen, policy: &Policy) -> Result<ExitCode, String> {
    let dropped = seen.inventory.snapshot(policy).dropped;
    if dropped.in_requests + dropped.in_responses > 0 {
        return Err("there are more names in these files than can be checked, or longer ones".to_owned());
    }
    let undeclared = seen.inventory.undeclared(policy);
    undeclared.iter().for_each(|cookie| println!("{cookie}"));
    if undeclared.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("{} cookies are not declared", undeclared.len());
    Ok(ExitCode::FAILURE)
}
