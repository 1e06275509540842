-- Finds the answer to a poll. If there is none, one proxy asks the service for it.
--
-- KEYS: the answer, who asks
-- ARGV: the name of this poll, how long it may ask in ms
-- Returns the answer with its remaining lifetime in ms; or nothing, and 1 if this poll may ask.
local answer = redis.call('GET', KEYS[1])
if answer then
  return { answer, redis.call('PTTL', KEYS[1]) }
end
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then
  return { '', 1 }
end
return { '', 0 }
