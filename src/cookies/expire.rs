//! Expires in the browser what was refused and is still there.

use http::{HeaderMap, HeaderValue, header};

use super::{cache::is_for_everybody, judge::Judge, pairs::pairs, request::Shown};
use crate::{
    consent::{Target, UndecidedReason},
    decide::Decision,
    policy::{CompiledRule, MAX_EXPIRY_LINES, Verdict, expiry_lines as lines_of},
};

/// Lines that one answer carries at most.
const MAX_LINES: usize = MAX_EXPIRY_LINES;
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
    let (count, wanted) = refused(decision, shown)
        .fold((0, 0), |(count, wanted), (_, rule, _)| (count + 1, wanted + rule.expiry_count()));
    // Where they are more than fit, each page begins at another one: cookies that a line does not reach, because they were
    // set at a scope that nobody declared, must not take the room of the others for ever.
    let is_tight = wanted > MAX_LINES;
    let start = if is_tight { usize::try_from(decision.now()).unwrap_or_default() % count } else { 0 };
    // Never more names than lines, so that the search for one that came before stays short.
    let mut done: Vec<&[u8]> = Vec::new();
    let (mut lines, mut bytes) = (0, 0);
    let all = refused(decision, shown).skip(start).chain(refused(decision, shown).take(start));
    'names: for (name, rule, verdict) in all {
        if done.contains(&name) {
            continue;
        }
        let mut is_new = true;
        for line in expiry_lines(rule, name) {
            if lines == MAX_LINES || bytes + line.len() > MAX_BYTES {
                break 'names;
            }
            (lines, bytes) = (lines + 1, bytes + line.len());
            headers.append(header::SET_COOKIE, line);
            if std::mem::take(&mut is_new) {
                done.push(name);
                report(name, verdict, Some(rule.target));
            }
        }
    }
    lines > 0
}

/// The refused cookies that the request showed, in its order, copies included.
fn refused<'s>(
    decision: &'s Decision,
    shown: &'s Shown,
) -> impl Iterator<Item = (&'s [u8], &'s CompiledRule, Verdict)> {
    let mut judge = Judge::new(decision);
    let all = shown.lines().iter().flat_map(|line| pairs(line.as_bytes()));
    all.filter_map(move |pair| match judge.declared(pair.name) {
        Some((verdict, rule)) if !verdict.is_allowed() => Some((pair.name, rule, verdict)),
        _ => None,
    })
}

/// The lines of a rule: those of an exact name were written once with the policy. None for a name that is no token.
fn expiry_lines<'r>(rule: &'r CompiledRule, name: &'r [u8]) -> impl Iterator<Item = HeaderValue> + 'r {
    let ready = rule.expiry_lines.iter().flatten().cloned();
    let scopes = if rule.is_prefix { rule.scopes.as_slice() } else { &[] };
    ready.chain(lines_of(name, scopes, rule.source.secure, rule.source.partitioned))
}
