-- A proxy leaves. What it has used in the last span stays taken for one more span.
--
-- KEYS: held, need, seen, part
-- ARGV: proxy, the messages in its last span
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for key = 1, 4 do redis.call('HDEL', KEYS[key], ARGV[1]) end
if tonumber(ARGV[2]) > 0 then
  redis.call('HSET', KEYS[1], '-' .. ARGV[1], ARGV[2])
  redis.call('HSET', KEYS[3], '-' .. ARGV[1], now)
end
return 1
