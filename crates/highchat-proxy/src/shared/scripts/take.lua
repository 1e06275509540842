-- Takes one request from a visitor's allowance. Returns the time to wait in ms.
--
-- KEYS: the visitor
-- ARGV: interval and slack in us
local time = redis.call('TIME')
local us = time[1] * 1000000 + time[2]
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), us)
local slack = tonumber(ARGV[2])
if full - us > slack then
  return math.ceil((full - us - slack) / 1000)
end
full = full + ARGV[1]
redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - us) / 1000))
return 0
