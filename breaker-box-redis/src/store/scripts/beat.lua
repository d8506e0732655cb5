-- This instance is alive. ARGV: 4 for how long it counts as alive, from 5 on the circuits that it
-- holds. Answers with the number of instances, and which of the circuits have no record.

-- A command that a full server accepts comes first: then it accepts the others as well.
keep_shard()
local within = tonumber(ARGV[4])
local alive = base .. 'in'
redis.call('ZREMRANGEBYSCORE', alive, '-inf', text(now))
redis.call('ZADD', alive, text(now + within), me)
redis.call('PEXPIRE', alive, milliseconds(within))
sweep(8)
local missing = {}
for at = 5, #ARGV do
  local key = base .. 'c:' .. ARGV[at]
  local state = try('HGET', key, 's')
  if state == 'f' or state == 'd' or state == 'm' then
    -- Manual states last for as long as an instance holds them.
    redis.call('PEXPIRE', key, milliseconds(30 * DAY))
  elseif state == false and redis.call('EXISTS', key) == 0 then
    missing[#missing + 1] = ARGV[at]
  end
end
return answer({ redis.call('ZCARD', alive), missing })
