-- Before every script. KEYS[1] is the head of a shard; all keys of the shard have its hash tag.
-- ARGV: 1 this instance, 2 the channel, 3 the command that publishes on it; then the request.
--
-- A record is a hash: v version, s state (c closed, o open, f forced open, d disabled, m metrics
-- only), u open until, d open period, k openings, i instance, w cause, o last order, r reason,
-- n full name, p and q successes and failures of probes. Times are in microseconds.

local base = string.sub(KEYS[1], 1, -5)
local index = base .. 'idx'
local me = ARGV[1]

local SECOND = 1000000
local MINUTE = 60 * SECOND
local DAY = 86400 * SECOND
-- Doubles are exact far beyond this, which the clock reaches in 2112.
local LIMIT = 4503599627370496
-- Above this many records a second, a shard publishes only that there is something to read, and
-- that not more often than every so often.
local STORM, PAUSE = 200, 50000
local MESSAGE = 16384

local clock = redis.call('TIME')
local now = tonumber(clock[1]) * SECOND + tonumber(clock[2])

-- tostring has fourteen digits, which is too few.
local function text(number)
  return string.format('%.0f', number)
end

-- A number of ours; nil for anything else, such as 'inf', which tonumber takes.
local function number(digits)
  if digits and #digits <= 16 and string.find(digits, '^%d+$') then
    local value = tonumber(digits)
    return value <= LIMIT and value or nil
  end
end

-- Whether texts can be told apart in a line. What we write can.
local function plain(texts)
  return not string.find(texts, '[^%w_.%%/~-]')
end

local function milliseconds(duration)
  return text(math.ceil(duration / 1000))
end

local function wrong_type(message)
  return string.find(message, 'WRONGTYPE', 1, true)
end

-- A command; nil if the key is of another type, so somebody else's.
local function try(...)
  local reply = redis.pcall(...)
  if type(reply) ~= 'table' or not reply.err then
    return reply
  elseif not wrong_type(reply.err) then
    return redis.call(...)
  end
end

-- A function for one circuit of several; nil if a key of that circuit is somebody else's. Errors
-- are strings before Redis 7.
local function try_each(work, ...)
  local done, result = pcall(work, ...)
  if done then
    return result
  elseif not wrong_type(type(result) == 'table' and result.err or tostring(result)) then
    error(result, 0)
  end
end

local head = redis.call('HMGET', KEYS[1], 'e', 'v', 'w', 'n', 'p', 'x')
local epoch, last = number(head[1]), number(head[2]) or 0
local before = last

-- Longer than any record lives.
local function keep_shard()
  redis.call('PEXPIRE', KEYS[1], milliseconds(31 * DAY))
  redis.call('PEXPIRE', index, milliseconds(31 * DAY))
end

if not epoch then
  -- The time is as good as a random number. Reading must go on where nothing can be written.
  local drawn = redis.pcall('HSET', KEYS[1], 'e', text(now))
  epoch = now
  if type(drawn) == 'table' and drawn.err then
    epoch = 0
  else
    keep_shard()
  end
end

local STATES = { c = true, o = true, f = true, d = true, m = true }

-- The record of a circuit, or nil; and whether there is something that is not ours to touch: of
-- another type, of a newer format (field f), or nonsense.
local function load(name)
  local key = base .. 'c:' .. name
  local field = try('HMGET', key, 'v', 's', 'u', 'd', 'k', 'i', 'w', 'o', 'r', 'n', 'f')
  if not field then
    return nil, true
  elseif not field[1] then
    return nil, redis.call('EXISTS', key) == 1
  end
  local v, u, d, k, o = field[1], field[3] or '0', field[4] or '0', field[5] or '', field[8] or '0'
  local record = {
    v = tonumber(v), s = field[2], u = tonumber(u), d = tonumber(d), k = tonumber(k), o = tonumber(o),
    i = field[6] or '', w = field[7] or '', r = field[9] or '', n = field[10] or '',
  }
  -- One search through all numbers and one through all texts: pages of records are read this way.
  if field[11] or not STATES[record.s] or string.find(v .. u .. d .. k .. o, '[^%d]')
    or not (record.v and record.u and record.d and record.k and record.o)
    or record.v == 0 or math.max(record.v, record.u, record.d, record.k, record.o) > LIMIT
    or not plain(record.i .. record.w .. record.r .. record.n)
    or #record.i > 256 or #record.w > 256 or #record.r > 1024 or #record.n > 512
  then
    return nil, true
  end
  if record.s == 'o' and record.u > now + record.d then
    -- The clock was set back. The circuit must not stay open for longer than its period from now.
    record.u = now + record.d
    redis.pcall('HSET', key, 'u', text(record.u))
  end
  return record, false
end

-- A record as text, in answers and messages.
local function line(name, record)
  local times = '0 0'
  if record.s == 'o' then
    times = text(math.max(record.u - now, 0)) .. ' ' .. text(record.d)
  end
  -- Counts are small enough for a plain conversion; versions and times are not.
  local ordered = record.o > 0 and text(record.o) or '0'
  return table.concat({
    name, text(record.v), record.s, times, record.k, record.i, record.w, ordered, record.r, record.n,
  }, ' ')
end

local function conflict(name, record)
  return record and 'c ' .. line(name, record) or 'c'
end

-- How long a record lives in the store. One that was ordered has to outlive orders that were given
-- earlier by instances that are cut off.
local function lifetime(record)
  local life = 10 * MINUTE
  if record.s == 'o' then
    life = record.d + math.max(MINUTE, 2 * record.d)
  elseif record.s ~= 'c' then
    life = 30 * DAY
  end
  return record.o > 0 and math.max(life, record.o + 30 * DAY - now) or life
end

local changed = {}

-- Writes a record in place of `old`, which ends its votes and leases. Returns the verdict.
local function write(name, old, record, floor)
  record.v = math.max(now, last + 1, (floor or 0) + 1)
  record.u = now + record.d
  record.i = me
  if record.n == '' and old then
    record.n = old.n
  end
  -- First what a full server refuses, and what fails if the index is not ours: then nothing is half
  -- done.
  if #changed == 0 then
    redis.call('HSET', KEYS[1], 'v', text(record.v))
  end
  redis.call('ZADD', index, text(record.v), name)
  last = record.v
  local key = base .. 'c:' .. name
  redis.call('DEL', key, base .. 'v:' .. name, base .. 'l:' .. name)
  local fields = { 'v', text(record.v), 's', record.s, 'k', text(record.k), 'i', me, 'w', record.w }
  local function add(field, value)
    fields[#fields + 1] = field
    fields[#fields + 1] = value
  end
  if record.s == 'o' then
    add('u', text(record.u))
    add('d', text(record.d))
  end
  if record.o > 0 then
    add('o', text(record.o))
  end
  if record.r ~= '' then
    add('r', record.r)
  end
  if record.n ~= '' then
    add('n', record.n)
  end
  redis.call('HSET', key, unpack(fields))
  redis.call('PEXPIRE', key, milliseconds(lifetime(record)))
  local written = line(name, record)
  changed[#changed + 1] = { record.v, written }
  return 'a ' .. written
end

-- Removes circuits from the index whose records are gone, a few at a time, round and round.
local function sweep(few)
  local from = number(head[6]) or 0
  local some = redis.call('ZRANGEBYSCORE', index, '(' .. text(from), '+inf', 'WITHSCORES', 'LIMIT', 0, few)
  for at = 1, #some, 2 do
    if redis.call('EXISTS', base .. 'c:' .. some[at]) == 0 then
      redis.call('ZREM', index, some[at])
    end
  end
  local to = #some == 2 * few and some[#some] or '0'
  if to ~= text(from) then
    redis.call('HSET', KEYS[1], 'x', to)
  end
end

local function send(previous, version, lines)
  local first = table.concat({ '1', text(now), text(epoch), text(previous), text(version) }, ' ')
  table.insert(lines, 1, first)
  redis.call(ARGV[3], ARGV[2], table.concat(lines, '\n'))
end

-- Publishes what was written: in one message, if that is not too long.
local function publish()
  if #changed == 0 then
    return
  end
  keep_shard()
  sweep(#changed + 1)
  local second = math.floor(now / SECOND)
  local count = #changed
  if number(head[3]) == second then
    count = count + (number(head[4]) or 0)
  end
  redis.call('HSET', KEYS[1], 'v', text(last), 'w', text(second), 'n', text(count))
  if count > STORM then
    local poked = number(head[5]) or 0
    if poked > now or now - poked >= PAUSE then
      redis.call('HSET', KEYS[1], 'p', text(now))
      send(before, last, {})
    end
    return
  end
  local lines, length, previous, version = {}, 0, before, before
  for _, entry in ipairs(changed) do
    -- The first line takes less than 100 bytes.
    if #lines > 0 and length + #entry[2] + 1 > MESSAGE - 100 then
      send(previous, version, lines)
      lines, length, previous = {}, 0, version
    end
    lines[#lines + 1] = entry[2]
    length = length + #entry[2] + 1
    version = entry[1]
  end
  send(previous, version, lines)
end

-- What every script returns.
local function answer(body)
  publish()
  return { now, epoch, last, body }
end

-- The valid leases for a circuit: how many others hold, how many this instance, when the first of
-- the others lapses and the last. Those that lapsed are removed, and those from a time before the
-- clock was set back.
local function leases(name)
  local key = base .. 'l:' .. name
  local all = redis.call('HGETALL', key)
  local others, mine, first, latest = 0, 0, nil, 0
  for at = 1, #all, 2 do
    local expiry, ttl, slots = string.match(all[at + 1], '^(%d+) (%d+) (%d+)$')
    expiry, ttl, slots = number(expiry), number(ttl), number(slots)
    if not (expiry and ttl and slots) or expiry <= now or expiry - now > ttl then
      redis.call('HDEL', key, all[at])
    elseif all[at] == me then
      mine = slots
    else
      others = others + slots
      first = math.min(first or expiry, expiry)
      latest = math.max(latest, expiry)
    end
  end
  return others, mine, first, latest
end
