-- Takes one request from a visitor's allowance.
--
-- KEYS: the visitor
-- ARGV: interval and slack in us, and after how many us the allowance is full again as the proxy
-- knows it
-- Returns the time to wait in ms, and after how many us the allowance is full again.
local time = redis.call('TIME')
local us = time[1] * 1000000 + time[2]
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), us + ARGV[3])
local wait = math.max(0, math.ceil((full - us - ARGV[2]) / 1000))
if wait == 0 then full = full + ARGV[1] end
redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - us) / 1000))
return { wait, full - us }
