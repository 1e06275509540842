-- Divides the messages of the key among the proxies. Each proxy reports how many it holds, and is
-- told by how many it may raise its limit (`granted`) or must lower it (`lowered`), and which part
-- is its own while Redis is away. Neither the sum of what is held nor the sum of the parts ever
-- grows above the limit, not even if an answer is lost: the larger number then still counts.
--
-- KEYS: held, need, seen, part (hashes with one field for each proxy), state (a hash)
-- ARGV: proxy, held, allowed, need, spare, part, limit, the span of the limit in ms; then in ms:
-- the gap after which nobody counts as dead, the time in which proxies return after a gap, and the
-- age of a dead proxy
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local me, held, allowed = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local need, spare, own_part = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local limit, span = tonumber(ARGV[7]), tonumber(ARGV[8])
local gap, settle, dead = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])

-- Since when proxies have been heard without a gap. After a gap they return one by one.
local since = tonumber(redis.call('HGET', KEYS[5], 'since'))
local last = tonumber(redis.call('HGET', KEYS[5], 'last'))
if not since or not last or now < last or now - last > gap then
  since = now
end
redis.call('HSET', KEYS[5], 'since', since, 'last', now)
redis.call('HSET', KEYS[3], me, now)

local others, count = {}, 1
local seen = redis.call('HGETALL', KEYS[3])
for i = 1, #seen, 2 do
  local id, age = seen[i], now - seen[i + 1]
  -- A name with a minus is what a proxy that left had used: it is free again after the span.
  local has_left = string.sub(id, 1, 1) == '-'
  if id ~= me then
    if has_left and age > span or not has_left and age > dead and now - since > dead then
      for key = 1, 4 do redis.call('HDEL', KEYS[key], id) end
    else
      if not has_left then count = count + 1 end
      others[#others + 1] = { id = id, is_away = age > gap, has_left = has_left }
    end
  end
end
local fair = math.floor(limit / count)

local pool, parts, urgent, wishes, kept = limit - held, limit, 0, 0, 0
for _, other in ipairs(others) do
  local has = tonumber(redis.call('HGET', KEYS[1], other.id)) or 0
  if not other.has_left then
    local part = tonumber(redis.call('HGET', KEYS[4], other.id)) or 0
    local wants = tonumber(redis.call('HGET', KEYS[2], other.id)) or 0
    parts = parts - part
    if other.is_away then
      -- It takes its part when it has been away for the span, so nobody else may have that.
      wishes = wishes + math.max(0, part - has)
      has = math.max(has, part)
    else
      wishes = wishes + math.max(0, fair - has, wants)
      urgent = urgent + wants
      kept = kept + math.max(0, fair - has)
    end
  end
  pool = pool - has
end

local granted = 0
if now - since >= settle then
  -- What it holds because it has used it costs nothing, up to its fair part.
  local base = math.max(0, math.min(held, fair) - allowed)
  local to_fair = math.max(0, math.min(fair - allowed - base, pool))
  -- The fair parts of others come first.
  local more = math.max(0, math.min(need - base - to_fair, pool - to_fair - kept))
  if need == 0 then to_fair = math.max(0, math.min(to_fair, pool - urgent)) end
  granted = base + to_fair + more
end

local lowered = 0
if granted == 0 then
  -- `held - allowed` becomes free by itself, when the messages are older than the span.
  local coming = held - allowed + math.max(0, pool)
  lowered = math.max(0, math.min(spare, urgent - coming))
  local above = math.max(0, allowed - lowered - fair)
  lowered = lowered + math.max(0, math.min(above, wishes - math.min(0, pool) - coming - lowered))
end

local part = math.max(0, math.min(fair, parts))
redis.call('HSET', KEYS[1], me, math.max(held, allowed + granted))
redis.call('HSET', KEYS[2], me, math.max(0, need - granted))
redis.call('HSET', KEYS[4], me, math.max(part, own_part))
for key = 1, 5 do redis.call('PEXPIRE', KEYS[key], 10 * dead) end
return { granted, lowered, part, count }
