-- Before the scripts in tests: the time is what the test has set, and keys expire by it.
local server = redis
local now = tonumber(server.call('GET', 'test:now'))
local gone = server.call('ZRANGEBYSCORE', 'test:expiries', '-inf', string.format('%.0f', now))
for _, key in ipairs(gone) do
  server.call('DEL', key)
  server.call('ZREM', 'test:expiries', key)
end
local function by_test_time(call)
  return function(name, key, ...)
    if name == 'TIME' then
      return { string.format('%.0f', math.floor(now / 1000000)), string.format('%.0f', now % 1000000) }
    elseif name == 'PEXPIRE' then
      local at = now + tonumber(...) * 1000
      local exists = server.call('EXISTS', key)
      if exists == 1 then
        server.call('ZADD', 'test:expiries', string.format('%.0f', at), key)
      end
      return exists
    elseif name == 'DEL' then
      server.call('ZREM', 'test:expiries', key, ...)
    end
    return call(name, key, ...)
  end
end
local redis = { call = by_test_time(server.call), pcall = by_test_time(server.pcall) }
