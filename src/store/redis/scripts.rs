//! The scripts that run inside of the server: each on one key, as a cluster demands.
//!
//! The index of a subject is a sorted set: the digests of its tokens by their end. A member is *pending* from before its
//! token is written until after, and *confirmed* from then on; a pending one's score is its end plus [`PENDING`].

/// What a pending member's score has more. Ends are at most half of it, so that all scores are exact as doubles.
pub(super) const PENDING: i64 = 1 << 52;

/// The latest end that is written as it is.
pub(super) const MAX_END: i64 = 1 << 51;

/// Adds a member, or changes its score. Drops members whose end lies back by the interval, and lets the key live as long
/// as its last member.
///
/// `KEYS`: index. `ARGV`: digest, score, `NX` (only if it is not there) or `CH`, interval in seconds.
pub(super) const INDEX: &str = "\
local key, pending = KEYS[1], 4503599627370496
local changed = redis.call('ZADD', key, ARGV[3], ARGV[2], ARGV[1])
local interval = tonumber(ARGV[4])
local over = tonumber(redis.call('TIME')[1]) - interval
redis.call('ZREMRANGEBYSCORE', key, '-inf', over)
redis.call('ZREMRANGEBYSCORE', key, pending, pending + over)
local last = 0
local function reach(found, shift)
  if found[2] then last = math.max(last, tonumber(found[2]) - shift) end
end
reach(redis.call('ZREVRANGEBYSCORE', key, '(4503599627370496', '-inf', 'WITHSCORES', 'LIMIT', 0, 1), 0)
reach(redis.call('ZREVRANGEBYSCORE', key, '+inf', pending, 'WITHSCORES', 'LIMIT', 0, 1), pending)
redis.call('PEXPIREAT', key, string.format('%.0f', (last + interval) * 1000))
return changed";

/// Removes members that still have the score with which they were read.
///
/// `KEYS`: index. `ARGV`: digest and score, by turns.
pub(super) const FORGET: &str = "\
local count = 0
for at = 1, #ARGV, 2 do
  local score = redis.call('ZSCORE', KEYS[1], ARGV[at])
  if score and tonumber(score) == tonumber(ARGV[at + 1]) then
    count = count + redis.call('ZREM', KEYS[1], ARGV[at])
  end
end
return count";

/// Writes the time of last use into a token, if there is one, and if the time is later. The token's expiry stays.
///
/// `KEYS`: token. `ARGV`: the place of the time in it, the time as eight bytes. They are compared one by one, the first
/// with its sign turned, because strings compare by the server's locale.
pub(super) const TOUCH: &str = "\
local at = tonumber(ARGV[1])
local old = redis.call('GETRANGE', KEYS[1], at, at + 7)
if #old < 8 then return 0 end
for place = 1, 8 do
  local was, is = string.byte(old, place), string.byte(ARGV[2], place)
  if place == 1 then was, is = (was + 128) % 256, (is + 128) % 256 end
  if is < was then return 1 end
  if is > was then
    redis.call('SETRANGE', KEYS[1], at, ARGV[2])
    return 1
  end
end
return 1";
