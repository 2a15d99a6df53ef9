import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { MnoError } from "../../../../exports";

/** OWASP's first choice for scrypt: N = 2^17, r = 8, p = 1, which takes 128 MiB for a moment. */
const LOG_N = 17;
const R = 8;
const P = 1;
const MOST_LOG_N = 20;
const MOST_MEMORY = 1024 ** 3;
const KEY_BYTES = 32;
/** More than this at once would take the memory that requests need; a few wait for their turn. */
const AT_ONCE = 2;
const WAITING = 16;

interface Parsed {
  readonly logN: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

let running = 0;
const waiting: (() => void)[] = [];

/** `scrypt$17$8$1$salt$hash`, for the configuration. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, { logN: LOG_N, r: R, p: P, salt });
  return ["scrypt", LOG_N, R, P, salt.toString("base64url"), hash.toString("base64url")].join("$");
}

/** Whether the password has that hash. Errors: MNO_OVERLOADED while too many are checked. */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const { hash, ...parameters } = parseHash(stored);
  return timingSafeEqual(await inTurn(() => derive(password, parameters)), hash);
}

/** The hash of no password, as costly as the costliest of these: checked for users that do not exist, so that time does not tell. */
export function decoyFor(hashes: readonly string[]): string {
  const costs = hashes.map((stored) => ({ ...parseHash(stored), stored }));
  const [costliest] = costs.sort((a, b) => memoryOf(b.logN, b.r) * b.p - memoryOf(a.logN, a.r) * a.p);
  const parameters = costliest?.stored.split("$").slice(1, 4) ?? [LOG_N, R, P];
  const [salt, hash] = [randomBytes(16), randomBytes(KEY_BYTES)];
  return ["scrypt", ...parameters, salt.toString("base64url"), hash.toString("base64url")].join("$");
}

/** Errors: MNO_CONFIG_INVALID, for parameters that would take too much memory or none. */
function parseHash(stored: string): Parsed {
  const [, logN, r, p] = stored.split("$").map(Number) as [number, number, number, number];
  const [salt, hash] = stored.split("$").slice(4) as [string, string];
  if (logN < 14 || logN > MOST_LOG_N || r < 1 || p < 1 || p > 4 || memoryOf(logN, r) > MOST_MEMORY) {
    throw new MnoError(
      "MNO_CONFIG_INVALID",
      "MNO_ZTG_USERS: a password's scrypt parameters must be N 2^14 to 2^20, p 1 to 4",
    );
  }
  return { logN, r, p, salt: Buffer.from(salt, "base64url"), hash: Buffer.from(hash, "base64url") };
}

function memoryOf(logN: number, r: number): number {
  return 128 * r * 2 ** logN;
}

function derive(password: string, { logN, r, p, salt }: Omit<Parsed, "hash">): Promise<Buffer> {
  const options = { N: 2 ** logN, r, p, maxmem: 2 * memoryOf(logN, r) + 1024 ** 2 };
  return new Promise((resolve, reject) => {
    // NFC, so that the same letters typed on another keyboard are the same password.
    scrypt(password.normalize("NFC"), salt, KEY_BYTES, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= AT_ONCE) {
    if (waiting.length >= WAITING) {
      throw new MnoError("MNO_OVERLOADED", "Too many passwords are checked at the moment; try again shortly");
    }
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else running += 1;
  try {
    return await work();
  } finally {
    // The turn passes on as it is, so that nobody slips in between.
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  }
}
