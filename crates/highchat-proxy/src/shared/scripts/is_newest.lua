-- Whether surely no newer turn has begun: no proxy has begun one, and each proxy could tell.
--
-- KEYS: the conversation, `seen` of the proxies
-- ARGV: the name of the turn, the proxy that asks, the age of a proxy that is away in ms
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local seen = redis.call('HGETALL', KEYS[2])
for i = 1, #seen, 2 do
  local is_other = seen[i] ~= ARGV[2] and string.sub(seen[i], 1, 1) ~= '-'
  if is_other and now - seen[i + 1] > tonumber(ARGV[3]) then
    return 0
  end
end
return redis.call('HGET', KEYS[1], 'turn') == ARGV[1] and 1 or 0
