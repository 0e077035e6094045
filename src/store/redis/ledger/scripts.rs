//! The scripts that work on consent records inside of the server, each all or nothing.
//!
//! A chain is a sorted set whose members, all of score 0, are in the order of their bytes: the number of an entry (8
//! bytes, the largest first) and its written form. The owners are another one: `r` and a record's id, or `s`, the length
//! of a subject and the subject; then the place of one of its entries. The chains are a hash: the checkpoint of each, or
//! nothing.
//!
//! A server that is full refuses the first command of a script that needs room, and none after a change. So the first
//! change of a script is one that may be refused, or one that gives room.

/// What several of them use. `ARGV`: the length of an entry's head, whose last byte says whether a body follows.
///
/// Numbers are compared byte by byte, because strings compare by the server's locale.
const WORDS: &str = r"
local head = tonumber(ARGV[1])
local function is_up_to(number, last)
  for at = 1, 8 do
    local one, other = string.byte(number, at), string.byte(last, at)
    if one ~= other then return one < other end
  end
  return true
end
local function is_purged(chain, number)
  local held = redis.call('HGET', KEYS[1], chain)
  return held and #held > 0 and is_up_to(number, string.sub(held, 17, 24))
end
local function first(number) return '[' .. number end
local function last(number) return '(' .. number .. '\255' end
local function owners(entry)
  local members, place, at = {}, string.sub(entry, 2, 25), head + 33
  if string.byte(entry, head) ~= 1 then return members end
  if string.byte(entry, at) == 1 then
    members[1] = 'r' .. string.sub(entry, at + 1, at + 16) .. place
    at = at + 16
  end
  local length = string.byte(entry, at + 1) or 0
  if length > 0 then
    members[#members + 1] = 's' .. string.sub(entry, at + 1, at + 1 + length) .. place
  end
  return members
end
";

/// Adds entries and erases bodies. Gives 0, or which entry has a place that is taken; then nothing was changed.
///
/// `KEYS`: chains, owners, then chains of entries. `ARGV`: head, how many entries; for each of them which key, chain,
/// number, written form; for each body to erase which key, number.
const APPEND: &str = r"
local entries = tonumber(ARGV[2])
redis.call('ZCARD', KEYS[2])
for which = 1, entries do
  local at = 4 * which - 1
  local number = ARGV[at + 2]
  if is_purged(ARGV[at + 1], number)
    or redis.call('ZLEXCOUNT', KEYS[tonumber(ARGV[at])], first(number), last(number)) > 0 then
    return which
  end
end
for which = 1, entries do
  local at = 4 * which - 1
  local entry = ARGV[at + 3]
  redis.call('ZADD', KEYS[tonumber(ARGV[at])], 0, ARGV[at + 2] .. entry)
  redis.call('HSETNX', KEYS[1], ARGV[at + 1], '')
  for _, member in ipairs(owners(entry)) do redis.call('ZADD', KEYS[2], 0, member) end
end
for at = 3 + 4 * entries, #ARGV, 2 do
  local key, number = KEYS[tonumber(ARGV[at])], ARGV[at + 1]
  local member = redis.call('ZRANGEBYLEX', key, first(number), last(number), 'LIMIT', 0, 1)[1]
  if member and string.byte(member, 8 + head) == 1 then
    redis.call('ZREM', key, member)
    for _, owner in ipairs(owners(string.sub(member, 9))) do redis.call('ZREM', KEYS[2], owner) end
    redis.call('ZADD', key, 0, string.sub(member, 1, 7 + head) .. '\0')
  end
end
return 0";

/// Deletes what is over, and tells how much went.
///
/// `KEYS`: chains, owners, texts, their days, counters, then chains of entries. `ARGV`: head, the first days of texts and
/// of counters that stay; for each checkpoint which key, chain, number, written form.
const PURGE: &str = r"
local count = 0
for at = 4, #ARGV, 4 do
  local key, chain, number = KEYS[tonumber(ARGV[at])], ARGV[at + 1], ARGV[at + 2]
  if not is_purged(chain, number) then
    local members
    repeat
      members = redis.call('ZRANGEBYLEX', key, '-', last(number), 'LIMIT', 0, 500)
      for _, member in ipairs(members) do
        for _, owner in ipairs(owners(string.sub(member, 9))) do redis.call('ZREM', KEYS[2], owner) end
      end
      if #members > 0 then redis.call('ZREMRANGEBYRANK', key, 0, #members - 1) end
      count = count + #members
    until #members < 500
    redis.call('HSET', KEYS[1], chain, ARGV[at + 3])
  end
end
for _, hash in ipairs(redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', '(' .. ARGV[2])) do
  count = count + redis.call('HDEL', KEYS[3], hash)
  redis.call('ZREM', KEYS[4], hash)
end
local before = tonumber(ARGV[3])
for _, field in ipairs(redis.call('HKEYS', KEYS[5])) do
  local day = tonumber(string.match(field, '^(-?%d+):'))
  if day and day < before then count = count + redis.call('HDEL', KEYS[5], field) end
end
return count";

/// The entries at these places that are there.
///
/// `KEYS`: chains of entries. `ARGV`: which key, number, by turns.
pub(super) const FIND: &str = r"
local found = {}
for at = 1, #ARGV, 2 do
  local number = ARGV[at + 1]
  local key = KEYS[tonumber(ARGV[at])]
  found[#found + 1] = redis.call('ZRANGEBYLEX', key, '[' .. number, '(' .. number .. '\255', 'LIMIT', 0, 1)[1]
end
return found";

/// Keeps a text where there is none, and moves its last day on.
///
/// `KEYS`: texts, their days. `ARGV`: hash, text, day.
pub(super) const KEEP_TEXT: &str = "\
redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], 'GT', ARGV[3], ARGV[1])";

/// Adds to a counter, which stays at the largest number there is.
///
/// `KEYS`: counters. `ARGV`: day and name, how many.
pub(super) const COUNT: &str = "\
local sum = redis.pcall('HINCRBY', KEYS[1], ARGV[1], ARGV[2])
if type(sum) == 'number' then return 0 end
if not string.find(sum.err, 'overflow', 1, true) then return sum end
redis.call('HSET', KEYS[1], ARGV[1], '9223372036854775807')
return 0";

pub(super) fn append() -> String {
    [WORDS, APPEND].concat()
}

pub(super) fn purge() -> String {
    [WORDS, PURGE].concat()
}
