-- Keeps the answer to a poll, or only ends the asking.
--
-- KEYS: the answer, who asks
-- ARGV: the name of this poll, the answer (empty: none), its lifetime in ms
if ARGV[2] ~= '' then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
if redis.call('GET', KEYS[2]) == ARGV[1] then
  redis.call('DEL', KEYS[2])
end
return 1
