-- Comes before every script. KEYS[1] is the head of a shard, whose keys all have the same hash tag.
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
-- Numbers in Lua are doubles, which are exact beyond this. The clock reaches it in 2112.
local LIMIT = 4503599627370496
-- How far ahead of the clock versions may be, after it was set back. A higher one is not believed:
-- soon none could follow it.
local AHEAD = 10 * 365 * DAY
-- Above this many records per second, a shard only announces that there is something to read, and
-- at most once per pause.
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

-- Runs a command. Returns nil if the key holds another type, so was not written by us.
local function try(...)
  local reply = redis.pcall(...)
  if type(reply) ~= 'table' or not reply.err then
    return reply
  elseif not wrong_type(reply.err) then
    return redis.call(...)
  end
end

-- Calls a function for one of several circuits. Returns nil if a key of that circuit holds another
-- type. Before Redis 7, errors are strings.
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
if last > now + AHEAD then
  last = 0
end
local before = last

-- Keeps head and index for longer than any record lives.
local function keep_shard()
  redis.call('PEXPIRE', KEYS[1], milliseconds(31 * DAY))
  redis.call('PEXPIRE', index, milliseconds(31 * DAY))
end

if not epoch then
  -- The time is as unique as a random number. On a server that is full or read-only, drawing one
  -- fails, but reading has to work.
  local drawn = redis.pcall('HSET', KEYS[1], 'e', text(now))
  epoch = now
  if type(drawn) == 'table' and drawn.err then
    epoch = 0
  else
    keep_shard()
  end
end

local STATES = { c = true, o = true, f = true, d = true, m = true }

-- The record of a circuit, or nil; and whether the key holds anything else, which must not be
-- touched: another type, a newer format (field f), or malformed fields.
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
  -- One search for all numbers and one for all texts, because pages of 500 records come through here.
  if field[11] or not STATES[record.s] or string.find(v .. u .. d .. k .. o, '[^%d]')
    or not (record.v and record.u and record.d and record.k and record.o)
    or record.v == 0 or record.v > now + AHEAD or math.max(record.v, record.u, record.d, record.k, record.o) > LIMIT
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

-- How long a record is kept. One with an order has to outlive earlier orders of instances that are
-- cut off.
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
  floor = math.min(floor or 0, now + AHEAD)
  record.v = math.max(now, last + 1, floor + 1)
  record.u = now + record.d
  record.i = me
  if record.n == '' and old then
    record.n = old.n
  end
  -- The commands that a full server refuses come first, and the one that fails if the index holds
  -- another type, so that nothing is left half done.
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

-- Removes circuits from the index whose records have expired: a few at a time, going round the
-- index, and more as long as all are found to have expired.
local function sweep(few)
  local from = head[6] or '0'
  if not number(from) then
    from = '0'
  end
  local to = from
  for _ = 1, 25 do
    local some = redis.call('ZRANGEBYSCORE', index, '(' .. to, '+inf', 'WITHSCORES', 'LIMIT', 0, few)
    local removed = 0
    for at = 1, #some, 2 do
      if redis.call('EXISTS', base .. 'c:' .. some[at]) == 0 then
        removed = removed + redis.call('ZREM', index, some[at])
      end
    end
    to = #some == 2 * few and some[#some] or '0'
    if removed < few then
      break
    end
  end
  if to ~= from then
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

-- Ends every script.
local function answer(body)
  publish()
  return { now, epoch, last, body }
end

-- The valid leases for a circuit: how many the others hold, how many this instance holds, and when
-- the first and the last of the others lapse. Removes leases that have lapsed, and those from before
-- the clock was set back.
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
