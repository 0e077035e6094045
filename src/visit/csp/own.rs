//! The application's own policies, as a browser reads them.

use http::{HeaderMap, HeaderName, header};

use super::directive::{Directive, is_taken_over};

/// The directives of every policy that an answer has: several lines, and several in a line.
#[derive(Debug, Default)]
pub(super) struct OwnPolicies<'h> {
    /// Of each policy its directives: name and sources.
    enforced: Vec<Vec<(&'h str, &'h str)>>,
    /// Those that are only reported: looked at where no other says anything.
    reported: Vec<Vec<(&'h str, &'h str)>>,
}

impl<'h> OwnPolicies<'h> {
    pub(super) fn read(headers: &'h HeaderMap) -> Self {
        Self {
            enforced: policies(headers, &header::CONTENT_SECURITY_POLICY),
            reported: policies(headers, &header::CONTENT_SECURITY_POLICY_REPORT_ONLY),
        }
    }

    /// Whether one of them has this directive.
    pub(super) fn names(&self, name: &str) -> bool {
        let mut all = self.enforced.iter().chain(&self.reported).flatten();
        all.any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    /// What they say of code in the page and of what loads from nowhere. Of several policies all count together: whatever
    /// passes each of them passes this.
    pub(super) fn taken_over(&self, directive: &Directive) -> impl Iterator<Item = &'h str> {
        let mut lists = lists(&self.enforced, directive);
        if lists.is_empty() {
            lists = self::lists(&self.reported, directive);
        }
        lists.into_iter().flat_map(str::split_ascii_whitespace).filter(|source| is_taken_over(source))
    }
}

/// What holds for a directive in each policy that says something of it.
fn lists<'h>(policies: &[Vec<(&'h str, &'h str)>], directive: &Directive) -> Vec<&'h str> {
    let sources = |policy: &Vec<(&'h str, &'h str)>, name: &str| {
        // Of copies the first counts (CSP Level 3, section 2.2.1).
        policy.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, sources)| *sources)
    };
    let holding = policies.iter().map(|policy| directive.fallbacks.iter().find_map(|name| sources(policy, name)));
    holding.flatten().collect()
}

fn policies<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Vec<Vec<(&'h str, &'h str)>> {
    // A line that is not ASCII is as good as none: browsers drop what is not of it, token by token.
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(directives).collect()
}

fn directives(policy: &str) -> Vec<(&str, &str)> {
    let parts = policy.split(';').map(|part| part.trim_matches(|byte: char| byte.is_ascii_whitespace()));
    parts
        .filter(|part| !part.is_empty())
        .map(|part| part.split_once(|byte: char| byte.is_ascii_whitespace()).unwrap_or((part, "")))
        .collect()
}
