-- Results of probes, by an instance that has a lease for them. ARGV: 4 name, 5 version,
-- 6 successes, 7 failures, 8 and 9 how many of each decide, 10 openings and 11 period of the next
-- opening. Answers with a verdict, see propose.lua.

local function report(name)
  local record, foreign = load(name)
  if foreign then
    return 'f'
  elseif not record or record.v ~= tonumber(ARGV[5]) or record.s ~= 'o' then
    return conflict(name, record)
  end
  local _, mine = leases(name)
  if mine == 0 then
    return conflict(name, record)
  end
  local key = base .. 'c:' .. name
  local so_far = redis.call('HMGET', key, 'p', 'q')
  local successes = (number(so_far[1]) or 0) + tonumber(ARGV[6])
  local failures = (number(so_far[2]) or 0) + tonumber(ARGV[7])
  local decided = { k = 0, o = record.o, r = '', n = '' }
  if failures >= tonumber(ARGV[9]) then
    decided.s, decided.d, decided.k, decided.w = 'o', tonumber(ARGV[11]), tonumber(ARGV[10]), 'probe_failed'
  elseif successes >= tonumber(ARGV[8]) then
    decided.s, decided.d, decided.w = 'c', 0, 'probes_succeeded'
  else
    redis.call('HSET', key, 'p', text(successes), 'q', text(failures))
    return 'n ' .. text(successes) .. ' ' .. ARGV[8]
  end
  return write(name, record, decided)
end

return answer(try_each(report, ARGV[4]) or 'f')
