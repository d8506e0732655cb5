-- The records above a version, the oldest first. ARGV: 4 the version, 5 the most records.

local most = tonumber(ARGV[5])
local from = ARGV[4]
local records, gone, more = {}, {}, 0
repeat
  -- One more than fits tells whether there are more.
  local want = most + 1 - #records
  local some = redis.call('ZRANGEBYSCORE', index, '(' .. from, '+inf', 'WITHSCORES', 'LIMIT', 0, want)
  for at = 1, #some, 2 do
    local name = some[at]
    local record, foreign = load(name)
    if record and #name <= 512 and plain(name) then
      if #records == most then
        more = 1
      else
        records[#records + 1] = line(name, record)
      end
    elseif not record and not foreign then
      gone[#gone + 1] = name
    end
    from = some[at + 1]
  end
until more == 1 or #some < 2 * want
for _, name in ipairs(gone) do
  -- This fails on a read-only server, which can be read all the same.
  redis.pcall('ZREM', index, name)
end
return answer({ more, records })
