//! A `Content-Security-Policy` that follows from the decision: services that are not allowed load nothing in the page.

mod directive;
mod layer;
mod own;
mod rule;

use std::fmt::Write as _;

use self::directive::Directive;
pub use self::{
    directive::Load,
    layer::{CspLayer, CspService},
};
use crate::{
    category::Category,
    decide::Decision,
    policy::{ConfigError, ConfigErrorKind, Policy},
};

/// A `Content-Security-Policy` for [`ConsentLayer::with_csp`](crate::ConsentLayer::with_csp): of the services' hosts
/// ([`ServiceEntry::hosts`](crate::ServiceEntry::hosts)) only those of allowed and of essential services may load.
///
/// ```
/// use tower_consent::{ConsentLayer, ContentSecurityPolicy, Load, Policy, ServiceEntry};
///
/// let policy = Policy::builder()
///     .service_entry(ServiceEntry::new("tidio", "functional").hosts(["code.tidio.co", "wss://socket.tidio.co"]))
///     .service_entry(ServiceEntry::new("stripe", "essential").hosts(["js.stripe.com"]))
///     .build()?;
/// let csp = ContentSecurityPolicy::new()
///     .scripts()
///     .connections()
///     .sources(Load::Images, ["'self'", "https://img.example.com"])?;
/// let layer = ConsentLayer::new(policy).with_csp(csp);
/// // Until Tidio is allowed a page says:
/// //   script-src 'self' js.stripe.com; img-src 'self' https://img.example.com js.stripe.com;
/// //   connect-src 'self' js.stripe.com
/// # let _ = layer;
/// # Ok::<(), tower_consent::ConfigError>(())
/// ```
///
/// # Rules
///
/// 1. It goes out as a header line of its own. Where there are several, browsers obey all of them (CSP Level 3, section
///    8.1): what the application's own forbids stays forbidden. The application's own is never changed.
/// 2. It has only the kinds of loads that are switched on, each with base sources: `'self'`, for images also `data:` and
///    `blob:`, which load from nowhere. A host that belongs to no service is to be named in them.
/// 3. Nonces, hashes, what is said of inline code and of `eval`, and the schemes that load from nowhere are taken over from
///    the application's own, or what was allowed there would be forbidden here. `'strict-dynamic'` and hosts are not: a
///    script that the application trusts loads nothing from a refused service. Where the application has no policy of its
///    own for scripts, inline scripts are forbidden, unless the base sources say `'unsafe-inline'`.
/// 4. It goes on documents: `text/html` and `application/xhtml+xml`, not on redirections that lead somewhere. It is the final decision's: of an answer that is itself
///    a choice, the new one. Not on answers for which the layer stands down.
/// 5. While the policy is in [`Mode::ReportOnly`](crate::Mode), or with [`report_only`](Self::report_only), it is a
///    `Content-Security-Policy-Report-Only`, and browsers forbid nothing.
/// 6. Where a service with hosts can be refused, a page depends on who asks: it is kept out of shared caches, and the
///    browser asks again each time (`private, no-cache`; with [`CacheRule::VaryOnly`](crate::CacheRule) only `Vary`). A
///    browser that revalidates a page is sent the whole page: a 304 would replace the policy lines that the browser holds by
///    those it carries, and most carry none.
///
/// # Caveats
///
/// A nonce or a hash on an external script lets it load from wherever it is: put one on a service's script only where the
/// service is allowed. No policy speaks of links that only prepare a load (`preconnect`, `dns-prefetch`, `prefetch`), and of
/// where links and forms lead. A policy in a `<meta>` element is not seen; browsers obey it besides. A worker has the policy of
/// its own answer. A page that is open when a service is refused keeps what it has loaded: the library's own script loads it
/// anew after a choice that opens or closes something (see [`ConsentPages`](crate::ConsentPages)); the event
/// `consent:change` comes before that, and to prevent its default keeps the page.
///
/// # Defaults
///
/// Nothing is switched on; enforced where the policy is; no reports.
#[derive(Clone, Debug, Default)]
pub struct ContentSecurityPolicy {
    /// By [`Load`]; nothing where it is not switched on.
    base: [Option<Vec<String>>; Load::ALL.len()],
    report_only: bool,
    reports: String,
}

impl ContentSecurityPolicy {
    /// A policy that says nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says where scripts and workers come from: `script-src`.
    #[must_use]
    pub fn scripts(self) -> Self {
        self.also(Load::Scripts)
    }

    /// Says where images come from: `img-src`.
    #[must_use]
    pub fn images(self) -> Self {
        self.also(Load::Images)
    }

    /// Says what stands in frames, and in their likes: `frame-src`, `object-src`.
    #[must_use]
    pub fn frames(self) -> Self {
        self.also(Load::Frames)
    }

    /// Says where scripts connect to, by `fetch`, web sockets and beacons: `connect-src`.
    #[must_use]
    pub fn connections(self) -> Self {
        self.also(Load::Connections)
    }

    /// Says where another kind of load comes from, with the usual base sources.
    #[must_use]
    pub fn also(mut self, load: Load) -> Self {
        if let Some(base) = self.base.get_mut(load as usize) {
            base.get_or_insert_with(|| load.usual_sources().iter().map(|source| (*source).to_owned()).collect());
        }
        self
    }

    /// Says where a kind of load comes from, with base sources of the application's own: they stand in place of the usual
    /// ones, and are open to every visitor.
    ///
    /// # Errors
    ///
    /// A source that is none (CSP Level 3, section 2.3.1), or that leaves nothing to refuse: `*`, a scheme of the network
    /// alone (`https:`), `'strict-dynamic'`.
    pub fn sources<S: Into<String>>(
        mut self,
        load: Load,
        sources: impl IntoIterator<Item = S>,
    ) -> Result<Self, ConfigError> {
        let sources: Vec<String> = sources.into_iter().map(Into::into).collect();
        for (place, source) in sources.iter().enumerate() {
            if !directive::is_base_source(source) {
                let place = format!("csp.{}[{place}]", load.directive());
                return Err(ConfigError::new(ConfigErrorKind::BadSource, place, source));
            }
        }
        if let Some(base) = self.base.get_mut(load as usize) {
            *base = Some(sources);
        }
        Ok(self)
    }

    /// Browsers report what they would forbid, and forbid nothing.
    #[must_use]
    pub fn report_only(mut self) -> Self {
        self.report_only = true;
        self
    }

    /// Where browsers send reports: an address, or a path of the site (`report-uri`). Reports hold addresses of pages: keep
    /// them no longer than other visits.
    ///
    /// # Errors
    ///
    /// A link that is none.
    pub fn report_uri(mut self, link: &str) -> Result<Self, ConfigError> {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b';' | b',');
        let is_path = link.starts_with('/') && !link.starts_with("//");
        if !(is_path || link.starts_with("https://")) || !link.bytes().all(is_plain) {
            return Err(ConfigError::new(ConfigErrorKind::BadLink, "csp.report-uri", link));
        }
        // Writing to a string cannot fail.
        _ = write!(self.reports, "; report-uri {link}");
        Ok(self)
    }

    /// The name of the end point, in the application's `Reporting-Endpoints`, to which browsers send reports (`report-to`).
    ///
    /// # Errors
    ///
    /// A name that is no token.
    pub fn report_to(mut self, endpoint: &str) -> Result<Self, ConfigError> {
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'*');
        if endpoint.is_empty() || !endpoint.bytes().all(is_token) {
            return Err(ConfigError::new(ConfigErrorKind::BadSource, "csp.report-to", endpoint));
        }
        _ = write!(self.reports, "; report-to {endpoint}");
        Ok(self)
    }

    /// What the header line says, beside the application's own lines; nothing where nothing is switched on.
    fn value(&self, decision: &Decision, own: &own::OwnPolicies<'_>) -> Option<String> {
        let hosts: Vec<&str> = allowed_hosts(decision).collect();
        let mut value = String::new();
        for (load, base) in Load::ALL.into_iter().zip(&self.base) {
            let Some(base) = base else { continue };
            for directive in load.directives().iter().filter(|directive| directive.is_needed(own)) {
                write_directive(&mut value, directive, load, base, &hosts, own);
            }
        }
        (!value.is_empty()).then(|| value + &self.reports)
    }
}

fn write_directive(
    value: &mut String,
    directive: &Directive,
    load: Load,
    base: &[String],
    hosts: &[&str],
    own: &own::OwnPolicies<'_>,
) {
    let mut sources: Vec<&str> = Vec::new();
    let ours = base.iter().map(String::as_str).filter(|source| !source.eq_ignore_ascii_case("'none'"));
    let hosts = hosts.iter().copied().filter(|host| load == Load::Connections || !directive::is_socket(host));
    for source in ours.chain(own.taken_over(directive)).chain(hosts) {
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    if !value.is_empty() {
        value.push_str("; ");
    }
    value.push_str(directive.name);
    for source in if sources.is_empty() { &["'none'"][..] } else { &sources } {
        value.push(' ');
        value.push_str(source);
    }
}

/// The hosts of what is essential, and of the services that are allowed.
fn allowed_hosts(decision: &Decision) -> impl Iterator<Item = &str> {
    let services = decision.policy().declared_services().filter(|service| !service.hosts.is_empty());
    let allowed = services.filter(|service| decision.allows_service(service.name));
    allowed.flat_map(|service| service.hosts.iter().map(String::as_str))
}

/// Whether the hosts of a page can differ from visitor to visitor.
pub(crate) fn depends_on_visitor(policy: &Policy) -> bool {
    policy.declared_services().any(|service| service.category != Category::ESSENTIAL && !service.hosts.is_empty())
}
