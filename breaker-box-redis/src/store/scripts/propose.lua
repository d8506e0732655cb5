-- Changes to circuits. From ARGV[4] on, eleven for each: name, right, three that the right needs,
-- state, period, openings, cause, reason, full name. Answers with one verdict for each:
-- 'a <record>' applied, 'n <votes> <needed>' noted, 'c [<record>]' conflict, 'f' foreign.

-- Adds this instance's vote. Returns how many votes there are, and how many are needed.
local function vote(name, period, instances, share)
  local key = base .. 'v:' .. name
  redis.call('ZADD', key, text(now + period), me)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', '(' .. text(now))
  local latest = redis.call('ZREVRANGE', key, 0, 0, 'WITHSCORES')
  redis.call('PEXPIRE', key, milliseconds(tonumber(latest[2]) - now + 1000))
  local needed = instances
  if share > 0 then
    -- An instance that votes has called the circuit.
    local active = base .. 'a:' .. name
    redis.call('ZADD', active, text(now + 15 * SECOND), me)
    redis.call('ZREMRANGEBYSCORE', active, '-inf', text(now))
    redis.call('PEXPIRE', active, milliseconds(15 * SECOND))
    -- 0.07 * 100 is a little above 7.
    needed = math.max(needed, math.ceil(share * redis.call('ZCARD', active) - 1e-9))
  end
  return redis.call('ZCARD', key), needed
end

local function propose(name, right, a, b, c, state, period, openings, cause, reason, full_name)
  local old, foreign = load(name)
  if foreign then
    return 'f'
  end
  local ordered, floor = old and old.o or 0, 0
  -- An order in the future dates from before the clock was set back, and would prevail for too long.
  -- A minute is allowed for the difference between the clocks of two servers.
  if ordered > now + MINUTE then
    ordered = 0
  end
  if right == 'o' then
    local at = tonumber(a)
    if at > now + MINUTE then
      at = now
    end
    if at < ordered then
      return conflict(name, old)
    end
    ordered = at
  elseif right == 'r' then
    floor = tonumber(a)
    local known = math.min(tonumber(b), now + MINUTE)
    if old and (old.v >= floor or ordered > known) then
      return conflict(name, old)
    end
    ordered = known
  else
    if (old and old.v or 0) ~= tonumber(a) or (old and old.s ~= 'o' and old.s ~= 'c') then
      return conflict(name, old)
    end
    if right == 'v' then
      local votes, needed = vote(name, tonumber(period), tonumber(b), tonumber(c))
      if votes < needed then
        return 'n ' .. text(votes) .. ' ' .. text(needed)
      end
    elseif right == 'p' then
      local _, mine = leases(name)
      if mine == 0 then
        return conflict(name, old)
      end
    end
  end
  local record = {
    s = state, d = tonumber(period), k = tonumber(openings), w = cause, o = ordered, r = reason, n = full_name,
  }
  return write(name, old, record, floor)
end

local verdicts = {}
for at = 4, #ARGV, 11 do
  verdicts[#verdicts + 1] = try_each(propose, unpack(ARGV, at, at + 10)) or 'f'
end
return answer(verdicts)
