//! Writes a draft as TOML with comments.
//!
//! Strings go through `toml_writer`. What stands in a comment goes through [`Writer::comment`], which lets no byte pass
//! that could end the line.

use serde::Serialize;
use serde_json::{Map, Value};
use toml_writer::{TomlKeyBuilder, TomlStringBuilder, TomlWrite as _};

use super::plan::{Plan, Proposal};
use crate::{
    policy::{ConsentCookie, TokenRules},
    report::inventory::{DroppedSightings, SeenCookie, Standing},
};

/// Cookies that are listed under a rule; of more only the number is told.
const MOST_LISTED: usize = 8;

pub(super) fn write(plan: &Plan, dropped: DroppedSightings) -> String {
    let mut to = Writer::default();
    head(&mut to, plan, dropped);
    to.line("mode = \"report-only\"  # \"enforce\" once every line here has been read");
    site_domain(&mut to, plan);
    presets(&mut to, plan);
    auth_cookies(&mut to, plan);
    own_cookies(&mut to, plan);
    for category in &plan.categories {
        to.blank();
        to.line("[[categories]]");
        category.0.iter().for_each(|(key, value)| to.field(key, value));
    }
    banners(&mut to, plan);
    services(&mut to, plan);
    for proposal in plan.rules.iter().filter(|proposal| !proposal.is_auth) {
        rule(&mut to, plan, proposal);
    }
    questions(&mut to, plan);
    to.text
}

fn head(to: &mut Writer, plan: &Plan, dropped: DroppedSightings) {
    to.comment(
        "A draft for tower-consent: the cookies that were seen, and what is known of them by name. A name proves",
    );
    to.comment(
        "nothing: read every line, above all those with CHECK. What a cookie does, only the site's makers know.",
    );
    let presets = plan.presets.iter().flat_map(|(_, seen)| seen);
    let banners = plan.banners.iter().flat_map(|(_, seen)| seen);
    let rules = plan.rules.iter().flat_map(|proposal| &proposal.seen);
    let all = || {
        presets
            .clone()
            .chain(banners.clone())
            .chain(rules.clone())
            .chain(plan.undecided())
            .chain(&plan.own)
            .chain(&plan.only_deleted)
    };
    let days = all().map(|cookie| cookie.first_seen).min().zip(all().map(|cookie| cookie.last_seen).max());
    if let Some((first, last)) = days {
        let (count, open) = (all().count(), plan.undecided().count());
        to.comment(&format!(
            "Seen from {first} to {last}: {count} names, of which {open} wait for a person, at the end."
        ));
    } else {
        to.comment("No cookie was seen.");
    }
    let DroppedSightings { in_requests, in_responses, nameless } = dropped;
    if in_requests + in_responses > 0 {
        to.comment(&format!(
            "NOT COMPLETE: {in_requests} cookies in requests and {in_responses} in answers were not noted, for want of \
             room or because their names are too long."
        ));
    }
    if nameless > 0 {
        to.comment(&format!("{nameless} cookies had no name. They are always stripped."));
    }
    to.blank();
}

fn site_domain(to: &mut Writer, plan: &Plan) {
    if let Some(bad) = &plan.bad_site_domain {
        to.comment(&format!("\"{}\" is no domain for site_domain.", bad.as_bytes().escape_ascii()));
    }
    match &plan.site_domain {
        Some(domain) => to.field("site_domain", &Value::from(domain.as_str())),
        None => to.comment(
            "site_domain = \"example.com\"  # where scripts put their cookies: refused ones are expired there too",
        ),
    }
}

fn presets(to: &mut Writer, plan: &Plan) {
    if plan.presets.is_empty() {
        return;
    }
    to.line("presets = [");
    for (preset, seen) in &plan.presets {
        to.seen(seen, "    ");
        to.line(&format!("    {},", inline(&value(preset))));
    }
    to.line("]");
}

fn auth_cookies(to: &mut Writer, plan: &Plan) {
    let auth: Vec<_> = plan.rules.iter().filter(|proposal| proposal.is_auth).collect();
    if auth.is_empty() {
        return;
    }
    to.comment("Sessions and sign-ins: essential, and never longer than 7 days.");
    to.line("auth_cookies = [");
    for proposal in auth {
        to.indented_comment("    ", &proposal.why);
        to.seen(&proposal.seen, "    ");
        to.line(&format!("    {},", inline(&Value::from(plan.scoped(proposal).name))));
    }
    to.line("]");
}

/// The library's own cookies, where the policy at hand names them otherwise than usual.
fn own_cookies(to: &mut Writer, plan: &Plan) {
    let usual = (ConsentCookie::default(), TokenRules::default());
    if plan.consent_cookie != usual.0 {
        to.blank();
        to.line("[consent_cookie]");
        to.fields(&value(&plan.consent_cookie));
    }
    if plan.tokens != usual.1 {
        to.blank();
        to.line("[tokens]");
        to.fields(&value(&plan.tokens));
    }
}

fn banners(to: &mut Writer, plan: &Plan) {
    for (banner, seen) in &plan.banners {
        to.blank();
        to.comment("CHECK: a banner with this cookie was found, and is read with its usual keys.");
        to.seen(seen, "");
        to.line("[[sources]]");
        to.field("banner", &Value::from(banner.as_str()));
    }
    for banner in &plan.open_banners {
        to.blank();
        to.comment("CHECK: a cookie of this banner was found. Each site has keys of its own: say here what they mean.");
        to.line("#[[sources]]");
        to.line(&format!("#banner = {}", inline(&Value::from(banner.as_str()))));
        to.line("#categories = { analytics = [\"...\"], marketing = [\"...\"] }");
    }
}

fn services(to: &mut Writer, plan: &Plan) {
    for service in &plan.services {
        to.blank();
        to.line("[[services]]");
        to.field("name", &Value::from(service.name.as_str()));
        to.field("category", &Value::from(service.category.as_str()));
        service.fields.iter().for_each(|(key, value)| to.field(key, value));
    }
}

fn rule(to: &mut Writer, plan: &Plan, proposal: &Proposal) {
    to.blank();
    to.comment(&proposal.why);
    to.seen(&proposal.seen, "");
    to.line("[[cookies]]");
    let mut table = value(&plan.scoped(proposal));
    // Switches of a rule are off unless it says otherwise.
    if let Value::Object(fields) = &mut table {
        fields.retain(|_, value| *value != Value::Bool(false));
    }
    to.fields(&table);
}

fn questions(to: &mut Writer, plan: &Plan) {
    if !plan.unknown.is_empty() {
        to.blank();
        to.comment(
            "TO BE DECIDED BY A PERSON. Nobody surely knows these names, and nothing declares them: they are stripped once",
        );
        to.comment("the policy is enforced. Find out what each is for, give it a category, and take the # away.");
    }
    for cookie in &plan.unknown {
        to.comment("");
        to.seen(std::slice::from_ref(cookie), "");
        if let Standing::Catalogue { category, platform } = cookie.standing {
            to.comment(&format!("It may be chance: cookies of {platform} ({category}) begin with the same letters."));
        }
        to.line("#[[cookies]]");
        to.line(&format!("#name = {}", inline(&Value::from(String::from_utf8_lossy(cookie.name().as_bytes())))));
        to.line("#category = \"\"  # essential, functional, analytics, marketing, or one of the site's own");
        to.line("#purpose = \"\"");
    }
    let lists = [
        (
            &plan.unwritable,
            "These names cannot stand in a file. If one is the site's own, give it another name, or declare it in code: \
             CookieRule::exact(..). Names that begin with $ are always stripped.",
        ),
        (&plan.only_deleted, "Only ever deleted by answers: nothing to declare, deletions pass."),
        (&plan.own, "The library's own: nothing to declare."),
    ];
    for (cookies, why) in lists {
        if !cookies.is_empty() {
            to.blank();
            to.comment(why);
            cookies.iter().for_each(|cookie| to.comment(&format!("  {}", facts(cookie))));
        }
    }
}

/// Name, counts and attributes of a cookie, the name escaped.
fn facts(cookie: &SeenCookie) -> String {
    let attributes = cookie.attributes.as_ref().map(|seen| format!("; {seen}")).unwrap_or_default();
    format!("{}: {}{attributes}", cookie.name(), cookie.counts())
}

fn value(of: &impl Serialize) -> Value {
    serde_json::to_value(of).unwrap_or_default()
}

/// A value as it stands behind `=`; what is null is left out.
fn inline(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Null => {}
        Value::Bool(truth) => text.push_str(if *truth { "true" } else { "false" }),
        Value::Number(number) => text.push_str(&number.to_string()),
        Value::String(string) => {
            // Writing to a String cannot fail.
            let _infallible = text.value(TomlStringBuilder::new(string).as_basic());
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().filter(|item| !item.is_null()).map(inline).collect();
            text = format!("[{}]", items.join(", "));
        }
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(_, value)| !value.is_null());
            let fields: Vec<_> = fields.map(|(key, value)| format!("{} = {}", self::key(key), inline(value))).collect();
            text = format!("{{ {} }}", fields.join(", "));
        }
    }
    text
}

fn key(key: &str) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _infallible = text.key(TomlKeyBuilder::new(key).as_default());
    text
}

#[derive(Default)]
struct Writer {
    text: String,
}

impl Writer {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn blank(&mut self) {
        self.line("");
    }

    fn comment(&mut self, text: &str) {
        self.indented_comment("", text);
    }

    /// A comment of one line, whatever the text holds.
    fn indented_comment(&mut self, indent: &str, text: &str) {
        self.text.push_str(indent);
        self.text.push_str(if text.is_empty() { "#" } else { "# " });
        // A line ends at a control character, and for some readers at U+0085, U+2028 and U+2029.
        let is_safe = |letter: &char| !letter.is_control() && !matches!(letter, '\u{2028}' | '\u{2029}');
        self.text.extend(text.chars().map(|letter| if is_safe(&letter) { letter } else { '?' }));
        self.text.push('\n');
    }

    fn seen(&mut self, cookies: &[SeenCookie], indent: &str) {
        for cookie in cookies.iter().take(MOST_LISTED) {
            self.indented_comment(indent, &facts(cookie));
        }
        if cookies.len() > MOST_LISTED {
            self.indented_comment(indent, &format!("and {} more", cookies.len() - MOST_LISTED));
        }
    }

    fn field(&mut self, name: &str, value: &Value) {
        if !value.is_null() {
            self.line(&format!("{} = {}", key(name), inline(value)));
        }
    }

    /// All fields of a table, the name and what it belongs to first.
    fn fields(&mut self, table: &Value) {
        const FIRST: [&str; 4] = ["name", "category", "service", "purpose"];
        let empty = Map::new();
        let table = table.as_object().unwrap_or(&empty);
        let first = FIRST.iter().filter_map(|name| table.get_key_value(*name));
        let rest = table.iter().filter(|(name, _)| !FIRST.contains(&name.as_str()));
        first.chain(rest).for_each(|(name, value)| self.field(name, value));
    }
}
