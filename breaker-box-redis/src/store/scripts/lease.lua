-- Leases for probes of a circuit whose open period is over. ARGV: 4 name, 5 version, 6 slots,
-- 7 the most slots in the fleet, 8 for how long. Answers with one of 'g <slots>' granted,
-- 'l <time>' full until the first lapses, 'e <time>' too early by so much, 'c [<record>]' conflict,
-- 'f' foreign.

local function lease(name)
  local record, foreign = load(name)
  if foreign then
    return 'f'
  elseif not record or record.v ~= tonumber(ARGV[5]) or record.s ~= 'o' then
    return conflict(name, record)
  elseif record.u > now then
    return 'e ' .. text(record.u - now)
  end
  local others, _, first, latest = leases(name)
  local slots = math.min(tonumber(ARGV[6]), tonumber(ARGV[7]) - others)
  if slots < 1 then
    return 'l ' .. text(first - now)
  end
  local key = base .. 'l:' .. name
  local ttl = tonumber(ARGV[8])
  redis.call('HSET', key, me, text(now + ttl) .. ' ' .. text(ttl) .. ' ' .. text(slots))
  redis.call('PEXPIRE', key, milliseconds(math.max(ttl, latest - now)))
  return 'g ' .. text(slots)
end

return answer(try_each(lease, ARGV[4]) or 'f')
