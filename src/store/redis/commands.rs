//! The commands that the store sends.

use redis::{Cmd, cmd};

use super::scripts::{FORGET, INDEX, PENDING, TOUCH};
use crate::store::{record::TokenRecord, token::TokenDigest};

/// A member of an index, as it was read.
pub(super) type Member = (Vec<u8>, f64);

pub(super) fn is_pending(member: &Member) -> bool {
    // Exact: scores are whole numbers far below the limit of a double.
    member.1 >= PENDING as f64
}

pub(super) fn get(token: &str) -> Cmd {
    command("GET", token)
}

/// Writes a token where there is none; the server deletes it at this time (Unix milliseconds).
pub(super) fn set_new(token: &str, record: &TokenRecord, deleted_at: i64) -> Cmd {
    let mut set = command("SET", token);
    set.arg(record.to_bytes()).arg("NX").arg("PXAT").arg(deleted_at);
    set
}

/// Deletes a token and gives it.
pub(super) fn get_and_delete(token: &str) -> Cmd {
    command("GETDEL", token)
}

pub(super) fn delete(token: &str) -> Cmd {
    command("DEL", token)
}

pub(super) fn touch(token: &str, seen_at: i64) -> Cmd {
    let mut eval = eval(TOUCH, token);
    eval.arg(TokenRecord::SEEN_AT.start).arg(&seen_at.to_be_bytes()[..]);
    eval
}

/// Adds a member that is not there.
pub(super) fn announce(index: &str, digest: &TokenDigest, end: i64, interval: i64) -> Cmd {
    let mut eval = eval(INDEX, index);
    eval.arg(&digest.as_bytes()[..]).arg(PENDING + end).arg("NX").arg(interval);
    eval
}

/// Confirms a member, or adds it again.
pub(super) fn confirm(index: &str, digest: &TokenDigest, end: i64, interval: i64) -> Cmd {
    let mut eval = eval(INDEX, index);
    eval.arg(&digest.as_bytes()[..]).arg(end).arg("CH").arg(interval);
    eval
}

/// Removes a member, whatever its score.
pub(super) fn remove(index: &str, digest: &TokenDigest) -> Cmd {
    let mut zrem = command("ZREM", index);
    zrem.arg(&digest.as_bytes()[..]);
    zrem
}

/// Removes members that nobody changed since they were read.
pub(super) fn forget<'a>(index: &str, members: impl IntoIterator<Item = &'a Member>) -> Cmd {
    let mut eval = eval(FORGET, index);
    for (digest, score) in members {
        eval.arg(&digest[..]).arg(*score as i64);
    }
    eval
}

/// All members.
pub(super) fn members(index: &str) -> Cmd {
    let mut zrange = command("ZRANGE", index);
    zrange.arg(0).arg(-1).arg("WITHSCORES");
    zrange
}

/// The members that are pending.
pub(super) fn pending(index: &str) -> Cmd {
    let mut zrange = command("ZRANGEBYSCORE", index);
    zrange.arg(PENDING).arg("+inf").arg("WITHSCORES");
    zrange
}

/// The first members that are confirmed, at most so many.
pub(super) fn confirmed(index: &str, most: usize) -> Cmd {
    let mut zrange = command("ZRANGEBYSCORE", index);
    zrange.arg("-inf").arg(format!("({PENDING}")).arg("WITHSCORES").arg("LIMIT").arg(0).arg(most);
    zrange
}

fn command(name: &str, key: &str) -> Cmd {
    let mut command = cmd(name);
    command.arg(key);
    command
}

// Sent with its text each time: it is short, and so no restart or failover of the server asks for a second attempt.
fn eval(script: &str, key: &str) -> Cmd {
    let mut eval = cmd("EVAL");
    eval.arg(script).arg(1).arg(key);
    eval
}
