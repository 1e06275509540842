-- Ends a turn, unless a newer turn has begun.
--
-- KEYS: the conversation
-- ARGV: the name of the turn, what is known now (empty: the conversation is forgotten), the
-- lifetime in ms
if redis.call('HGET', KEYS[1], 'turn') == ARGV[1] then
  if ARGV[2] == '' then
    redis.call('DEL', KEYS[1])
  else
    redis.call('HSET', KEYS[1], 'saved', ARGV[2])
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
  end
end
return 1
