//! Expires in the browser what was refused and is still there.

use http::{HeaderMap, HeaderValue, header};

use super::{cache::is_for_everybody, pairs::pairs, request::Shown};
use crate::{
    consent::{Target, UndecidedReason},
    decide::Decision,
    policy::{Class, CompiledRule, Verdict, expiry_lines as lines_of},
};

/// Lines that one answer carries at most.
const MAX_LINES: usize = 20;
/// Bytes that these lines have at most: many servers and proxies cap all headers at 8 KiB.
const MAX_BYTES: usize = 4_096;

/// Appends a line for each refused cookie that the request showed, at each scope that its rule declares; tells whether
/// there was any. What does not fit is expired by the next page, because the browser shows it again.
///
/// A name for which a line that stores is left in cannot be among them: only an allowed name has one.
pub(crate) fn expire(
    headers: &mut HeaderMap,
    decision: &Decision,
    shown: &Shown,
    mut report: impl FnMut(&[u8], Verdict, Option<Target>),
) -> bool {
    // On a cross-site request the choice may be there and not show: nothing is taken from the visitor.
    if decision.undecided() == Some(UndecidedReason::Unseen) || is_for_everybody(headers) {
        return false;
    }
    let mut done: Vec<&[u8]> = Vec::new();
    let (mut lines, mut bytes) = (0, 0);
    let policy = decision.policy();
    for pair in shown.lines().iter().flat_map(|line| pairs(line.as_bytes())) {
        let Class::Rule(rule) = policy.classify(pair.name) else { continue };
        let verdict = decision.judge(rule.target);
        if verdict.is_allowed() || done.contains(&pair.name) {
            continue;
        }
        if lines >= MAX_LINES {
            break;
        }
        done.push(pair.name);
        let before = lines;
        for line in expiry_lines(rule, pair.name) {
            if lines == MAX_LINES || bytes + line.len() > MAX_BYTES {
                break;
            }
            (lines, bytes) = (lines + 1, bytes + line.len());
            headers.append(header::SET_COOKIE, line);
        }
        if lines > before {
            report(pair.name, verdict, Some(rule.target));
        }
    }
    lines > 0
}

/// The lines of a rule: those of an exact name were written once with the policy. None for a name that is no token.
fn expiry_lines<'r>(rule: &'r CompiledRule, name: &'r [u8]) -> impl Iterator<Item = HeaderValue> + 'r {
    let ready = rule.expiry_lines.iter().flatten().cloned();
    let scopes = if rule.is_prefix { rule.scopes.as_slice() } else { &[] };
    ready.chain(lines_of(name, scopes, rule.source.secure, rule.source.partitioned))
}
