import type { RedisOptions } from "ioredis";
import { MnoError } from "../../exports";

/** Where L2 is: one server by its URL, or the sentinels that know which server is the primary. */
export type CacheAddress = { url: string } | { sentinel: SentinelAddress };

export interface SentinelAddress {
  sentinels: { host: string; port: number }[];
  /** The name that the sentinels know the primary by. */
  primaryName: string;
  encrypted: boolean;
  /** Of the servers and of the sentinels alike. */
  username?: string;
  password?: string;
}

/** Scheme -> what ioredis calls it, and whether its host is a list of sentinels. */
const SCHEMES: Record<string, { redis: string; sentinel: boolean; encrypted: boolean }> = Object.fromEntries(
  ["redis", "valkey"].flatMap((name) =>
    [false, true].flatMap((encrypted) =>
      [false, true].map((sentinel) => [
        `${name}${encrypted ? "s" : ""}${sentinel ? "+sentinel" : ""}:`,
        { redis: encrypted ? "rediss:" : "redis:", sentinel, encrypted },
      ]),
    ),
  ),
);
const SENTINEL_PORT = 26379;
const SUPPORTED =
  "supported are redis://, rediss://, valkey:// and valkeys://, and with +sentinel " +
  "rediss+sentinel://user:password@host1:26379,host2:26379/primary-name";

/** Errors: MNO_CONFIG_INVALID, without what might be the password. */
export function parseCacheUrl(url: string): CacheAddress {
  const [, name = "", rest = ""] = /^([a-z+]+:)(.*)$/s.exec(url) ?? [];
  const scheme = Object.hasOwn(SCHEMES, name) ? SCHEMES[name] : undefined;
  if (scheme?.sentinel) return { sentinel: parseSentinels(rest, scheme.encrypted) };
  // URL cannot parse a list of hosts, but must be able to parse all else.
  if (!URL.canParse(url)) throw invalid("cannot be parsed");
  if (scheme === undefined) throw invalid(`has the scheme "${new URL(url).protocol}", which is not supported`);
  if (new URL(url).hostname.includes(",")) throw invalid("names several servers, and no sentinels");
  return { url: scheme.redis + rest };
}

/** ioredis's options for the address; `ca` are the PEM certificates that its servers' own must be signed by. */
export function redisOptions(address: CacheAddress, ca: string | undefined): RedisOptions {
  if ("url" in address) return ca !== undefined && address.url.startsWith("rediss:") ? { tls: { ca } } : {};
  const { sentinels, primaryName, encrypted, username, password } = address.sentinel;
  const tls = ca === undefined ? {} : { ca };
  return {
    sentinels,
    name: primaryName,
    ...(username !== undefined && { username, sentinelUsername: username }),
    ...(password !== undefined && { password, sentinelPassword: password }),
    ...(encrypted && { tls, sentinelTLS: tls, enableTLSForSentinelMode: true }),
    // The sentinels tell of a failover at once; the old primary's silence would take its time.
    failoverDetector: true,
    // A primary that was demoted answers, and refuses writes: ask for the new one.
    reconnectOnError: (error) => error.message.startsWith("READONLY"),
  };
}

function parseSentinels(rest: string, encrypted: boolean): SentinelAddress {
  const match = /^\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^@/?#]+)\/([A-Za-z0-9._-]+)$/.exec(rest);
  if (!match) throw invalid("does not name its sentinels and their primary");
  const [, user = "", secret = "", hosts = "", primaryName = ""] = match;
  const sentinels = hosts.split(",").map((host, index) => {
    const at = URL.canParse(`redis://${host}`) ? new URL(`redis://${host}`) : undefined;
    // Not repeated: where the host was forgotten, this is the password.
    if (!at?.hostname) throw invalid(`has a sentinel (number ${String(index + 1)}) that is not host:port`);
    return { host: at.hostname.replace(/^\[|\]$/g, ""), port: at.port === "" ? SENTINEL_PORT : Number(at.port) };
  });
  const username = decoded(user);
  const password = decoded(secret);
  return {
    sentinels,
    primaryName,
    encrypted,
    ...(username !== "" && { username }),
    ...(password !== "" && { password }),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid("has a user or password that is not percent-encoded");
  }
}

function invalid(what: string): MnoError {
  return new MnoError("MNO_CONFIG_INVALID", `The cache URL ${what}; ${SUPPORTED}`);
}
