-- Adds to the windows of circuits. From ARGV[4] on, five for each: name, width of a bucket, and how
-- many more calls, failures and slow calls. Answers with the sums of the last ten buckets for each:
-- '<calls> <failures> <slow> <instances>'.

-- Buckets are numbered by the server's time. Field n of a window is the last bucket whose number
-- ends in n: '<number> <calls> <failures> <slow>'.
local function count(name, width, calls, failures, slow)
  -- Each length has a window of its own, because there are two lengths while a new policy is being
  -- rolled out.
  local window = base .. 'w:' .. name .. ':' .. width
  local contributors = base .. 'i:' .. name .. ':' .. width
  width, calls, failures, slow = tonumber(width), tonumber(calls), tonumber(failures), tonumber(slow)
  local bucket = math.floor(now / width)
  local sum = { calls, failures, slow }
  local this = { calls, failures, slow }
  local all = redis.call('HGETALL', window)
  for at = 1, #all, 2 do
    local found, c, f, s = string.match(all[at + 1], '^(%d+) (%d+) (%d+) (%d+)$')
    found, c, f, s = number(found), number(c), number(f), number(s)
    if found and c and f and s and found > bucket - 10 and found <= bucket then
      sum = { sum[1] + c, sum[2] + f, sum[3] + s }
      if found == bucket then
        this = { this[1] + c, this[2] + f, this[3] + s }
      end
    end
  end
  if calls + failures + slow > 0 then
    local value = table.concat({ text(bucket), text(this[1]), text(this[2]), text(this[3]) }, ' ')
    redis.call('HSET', window, text(bucket % 10), value)
    redis.call('PEXPIRE', window, milliseconds(20 * width))
    redis.call('ZADD', contributors, text(now + 10 * width), me)
    redis.call('ZREMRANGEBYSCORE', contributors, '-inf', text(now))
    redis.call('PEXPIRE', contributors, milliseconds(20 * width))
  end
  local instances = redis.call('ZCOUNT', contributors, '(' .. text(now), '+inf')
  return table.concat({ text(sum[1]), text(sum[2]), text(sum[3]), text(instances) }, ' ')
end

local sums = {}
for at = 4, #ARGV, 5 do
  sums[#sums + 1] = try_each(count, unpack(ARGV, at, at + 4)) or '0 0 0 0'
end
return answer(sums)
