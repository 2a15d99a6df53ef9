import { randomInt } from "node:crypto";
import { isIPv6 } from "node:net";

/**
 * An address as it is counted: of IPv6 the /64, for who has one address of it has them all. An IPv4 address written as IPv6
 * counts as IPv4.
 */
export function countedAddress(address: string): string {
  if (!isIPv6(address)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped) return mapped[1] as string;
  const [head = "", tail] = address.toLowerCase().replace(/%.*$/, "").split("::");
  const groups = (text: string): string[] => (text === "" ? [] : text.split(":"));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  // A dotted end counts for two groups.
  const length = before.length + after.length + (address.includes(".") ? 1 : 0);
  const zeros = tail === undefined ? [] : Array<string>(Math.max(0, 8 - length)).fill("0");
  const prefix = [...before, ...zeros, ...after].slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${prefix.join(":")}::/64`;
}

const OVERFLOW = 1024;

/**
 * Bounds how many keys a memory holds: the first `most` of a window have counters of their own, all others share 1,024, which
 * of them is drawn by a salt that nobody outside knows. A flood of new keys then costs those who come late a shared budget, not
 * us the memory.
 */
export class BoundedKeys {
  private current = new Set<string>();
  private rotatedAt = -Infinity;
  private readonly salt = randomInt(2 ** 32);

  constructor(
    private readonly most: number,
    private readonly windowMilliseconds: number,
    private readonly now: () => number,
  ) {}

  bounded(key: string): string {
    const now = this.now();
    if (now - this.rotatedAt >= this.windowMilliseconds) {
      this.current = new Set();
      this.rotatedAt = now;
    }
    if (this.current.has(key)) return key;
    // Counters live for a window from their first use: there are at most twice as many as this, and the shared ones.
    if (this.current.size < this.most) {
      this.current.add(key);
      return key;
    }
    return `overflow ${hash(key, this.salt) % OVERFLOW}`;
  }
}

/** FNV-1a, started from a salt. */
function hash(text: string, salt: number): number {
  let value = (salt ^ 0x811c9dc5) >>> 0;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return value;
}
