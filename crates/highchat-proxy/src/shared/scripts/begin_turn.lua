-- Begins the first turn of a new conversation. If its id is known, it is not new, and forgotten.
--
-- KEYS: the conversation
-- ARGV: the name of the turn, the lifetime in ms
if redis.call('DEL', KEYS[1]) == 0 then
  redis.call('HSET', KEYS[1], 'turn', ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 1
