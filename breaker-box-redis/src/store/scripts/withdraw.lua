-- Withdraws what this instance has in the store. ARGV: 4 what, as letters: l leases, v votes, a its
-- calls of the circuits, i its presence; from 5 on the circuits.

local which = ARGV[4]
if string.find(which, 'i') then
  redis.call('ZREM', base .. 'in', me)
end
for at = 5, #ARGV do
  if string.find(which, 'l') then
    try('HDEL', base .. 'l:' .. ARGV[at], me)
  end
  if string.find(which, 'v') then
    try('ZREM', base .. 'v:' .. ARGV[at], me)
  end
  if string.find(which, 'a') then
    try('ZREM', base .. 'a:' .. ARGV[at], me)
  end
end
return answer({})
