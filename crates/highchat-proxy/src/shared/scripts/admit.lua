-- Admits a message: takes it from the visitor's allowance, gives it the next time in the order of
-- all proxies, and begins a turn of its conversation.
--
-- KEYS: the visitor, the times, `seen` of the proxies, the conversation
-- ARGV: the limit (0: none) and its span in ms; the age of a dead proxy in ms; proxy, number of the
-- message; the visitor's interval (0: no limit) and slack in us, and after how many us the visitor's
-- allowance is full again as the proxy knows it; the longest wait in ms; the name of the turn (empty:
-- a new conversation) and the lifetime of a conversation in ms
-- Returns 0, or 1 if a limit is reached; the time to wait in ms; what is known about the conversation;
-- and after how many us the visitor's allowance is full again.
local time = redis.call('TIME')
local us = time[1] * 1000000 + time[2]
local now = math.floor(us / 1000)

local interval, slack, full = tonumber(ARGV[6]), tonumber(ARGV[7]), us
if interval > 0 then
  full = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), us + ARGV[8])
  local wait = math.ceil((full - us - slack) / 1000)
  if wait <= 0 then full = full + interval end
  redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - us) / 1000))
  if wait > 0 then return { 1, wait, '', full - us } end
end

local limit, span, patience = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[9])
local wait = 0
if limit > 0 then
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - span)
  local count = redis.call('ZCARD', KEYS[2])
  if count >= limit then
    -- Visitors of a proxy that died do not wait any longer.
    for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. now, '+inf', 'LIMIT', 0, 200)) do
      local seen = redis.call('HGET', KEYS[3], string.match(name, '^[^:]*'))
      if not seen or now - seen > tonumber(ARGV[3]) then
        count = count - redis.call('ZREM', KEYS[2], name)
      end
    end
  end
  if count >= limit then
    local nth = redis.call('ZRANGE', KEYS[2], count - limit, count - limit, 'WITHSCORES')
    wait = math.max(0, nth[2] + span - now)
  end
  if wait > patience then
    return { 1, wait, '', full - us }
  end
  redis.call('ZADD', KEYS[2], now + wait, ARGV[4] .. ':' .. ARGV[5])
  local lifetime = wait + span + 1000
  if redis.call('PTTL', KEYS[2]) < lifetime then
    redis.call('PEXPIRE', KEYS[2], lifetime)
  end
end

local saved = ''
if ARGV[10] ~= '' then
  -- Also if the conversation is not known: the proxy of its first turn may be about to begin it.
  saved = redis.call('HGET', KEYS[4], 'saved') or ''
  redis.call('DEL', KEYS[4])
  redis.call('HSET', KEYS[4], 'turn', ARGV[10])
  redis.call('PEXPIRE', KEYS[4], ARGV[11])
end
return { 0, wait, saved, full - us }
