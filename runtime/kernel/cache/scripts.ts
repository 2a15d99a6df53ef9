import type { Redis } from "ioredis";

/**
 * What happens in L2 in one piece. Keys: `generation`, the value (a hash: g generation, b body, t begin of the load, f and u
 * milliseconds from it that the value is fresh and usable, l milliseconds the load took) and the lease (a hash: o owner, g generation,
 * w somebody waits). Times are the server's own, so that replicas' clocks need not agree. A value or lease of another generation is as good as none.
 */
const NOW = `
local time = redis.call("TIME")
local micros = time[1] * 1000000 + time[2]
local now = math.floor(micros / 1000)
`;

/** ARGV: token, lease ms, generation ms, "1" to ask for the lease though the value is fresh. */
const LOOK = `${NOW}
local generation = redis.call("GET", KEYS[1])
if not generation then
  generation = string.format("%.0f", micros)
  redis.call("SET", KEYS[1], generation, "PX", ARGV[3])
end
local value = redis.call("HMGET", KEYS[2], "g", "b", "t", "f", "u", "l")
local known = value[1] == generation
local age = known and now - tonumber(value[3]) or 0
local function answer(state)
  if not known then return {generation, state} end
  return {generation, state, value[2], age, tonumber(value[4]), tonumber(value[5]), tonumber(value[6])}
end
if known and age < tonumber(value[4]) and ARGV[4] ~= "1" then return answer("fresh") end
local lease = redis.call("HMGET", KEYS[3], "o", "g")
if lease[1] and lease[2] == generation then
  redis.call("HSET", KEYS[3], "w", 1)
  return answer("busy")
end
redis.call("DEL", KEYS[3])
redis.call("HSET", KEYS[3], "o", ARGV[1], "g", generation)
redis.call("PEXPIRE", KEYS[3], ARGV[2])
return answer("lease")
`;

/** ARGV: token, body, ms since the load began, fresh ms, usable ms, channel, message to who waits. 1 if it was kept. */
const FILL = `${NOW}
local lease = redis.call("HMGET", KEYS[3], "o", "g", "w")
if lease[1] ~= ARGV[1] or lease[2] ~= redis.call("GET", KEYS[1]) then return 0 end
local left = tonumber(ARGV[5]) - tonumber(ARGV[3])
redis.call("DEL", KEYS[2], KEYS[3])
if left > 0 then
  redis.call("HSET", KEYS[2], "g", lease[2], "b", ARGV[2], "t", now - tonumber(ARGV[3]), "f", ARGV[4], "u", ARGV[5], "l", ARGV[3])
  redis.call("PEXPIRE", KEYS[2], left)
end
if lease[3] then redis.call("PUBLISH", ARGV[6], ARGV[7]) end
return 1
`;

/** ARGV: token, channel, message to who waits. */
const RELEASE = `
local lease = redis.call("HMGET", KEYS[1], "o", "w")
if lease[1] ~= ARGV[1] then return 0 end
redis.call("DEL", KEYS[1])
if lease[2] then redis.call("PUBLISH", ARGV[2], ARGV[3]) end
return 1
`;

/** ARGV: token, lease ms. 1 if the lease is still the token's. */
const RENEW = `
if redis.call("HGET", KEYS[1], "o") ~= ARGV[1] then return 0 end
return redis.call("PEXPIRE", KEYS[1], ARGV[2])
`;

/** ARGV: channel, message. */
const DROP = `
redis.call("DEL", KEYS[1], KEYS[2])
return redis.call("PUBLISH", ARGV[1], ARGV[2])
`;

/**
 * Begins a new generation, unless one newer than `known` has begun: then somebody else did so since. ARGV: the generation known ("0"
 * for none), "1" to begin one in any case, generation ms, channel, message. The generation.
 */
const ENTER = `${NOW}
local generation = redis.call("GET", KEYS[1])
local known = tonumber(ARGV[1])
if generation and ARGV[2] ~= "1" and (known == 0 or tonumber(generation) > known) then
  redis.call("PEXPIRE", KEYS[1], ARGV[3])
  return generation
end
local begun = string.format("%.0f", math.max(micros, known + 1, tonumber(generation or "0") + 1))
redis.call("SET", KEYS[1], begun, "PX", ARGV[3])
if generation or known > 0 then redis.call("PUBLISH", ARGV[4], ARGV[5]) end
return begun
`;

const SCRIPTS = {
  mnoLook: { numberOfKeys: 3, lua: LOOK },
  mnoFill: { numberOfKeys: 3, lua: FILL },
  mnoRelease: { numberOfKeys: 1, lua: RELEASE },
  mnoRenew: { numberOfKeys: 1, lua: RENEW },
  mnoDrop: { numberOfKeys: 2, lua: DROP },
  mnoEnter: { numberOfKeys: 1, lua: ENTER },
};

export type Scripts = Record<keyof typeof SCRIPTS, (...parameters: (string | number)[]) => Promise<unknown>>;

/** Gives the connection the scripts as commands; the server keeps them by their hashes. */
export function withScripts(redis: Redis): Scripts {
  for (const [name, script] of Object.entries(SCRIPTS)) redis.defineCommand(name, script);
  return redis as unknown as Scripts;
}
