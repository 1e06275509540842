-- Adds messages that a proxy sent, or admitted, while Redis was away.
--
-- KEYS: the times
-- ARGV: proxy, the span in ms, then for each message its number and its time from now in ms
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lifetime = tonumber(ARGV[2]) + 1000
for i = 3, #ARGV, 2 do
  redis.call('ZADD', KEYS[1], now + ARGV[i + 1], ARGV[1] .. ':' .. ARGV[i])
  lifetime = math.max(lifetime, ARGV[2] + ARGV[i + 1] + 1000)
end
if redis.call('PTTL', KEYS[1]) < lifetime then
  redis.call('PEXPIRE', KEYS[1], lifetime)
end
return 1
