-- These circuits were called by this instance in the last seconds. ARGV: from 4 on their names.

for at = 4, #ARGV do
  local key = base .. 'a:' .. ARGV[at]
  if try('ZADD', key, text(now + 15 * SECOND), me) then
    redis.call('ZREMRANGEBYSCORE', key, '-inf', text(now))
    redis.call('PEXPIRE', key, milliseconds(15 * SECOND))
  end
end
return answer({})
