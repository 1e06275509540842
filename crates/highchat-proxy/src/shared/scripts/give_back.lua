-- Gives back the time of a message that is not sent.
--
-- KEYS: the times
-- ARGV: proxy, number of the message
return redis.call('ZREM', KEYS[1], ARGV[1] .. ':' .. ARGV[2])
