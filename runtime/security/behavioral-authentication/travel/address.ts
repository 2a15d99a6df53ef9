import { isIP } from "node:net";
import { MnoError } from "../../../exports";

/** An address as bits, so that prefixes can be compared. */
export interface Address {
  bits: 32 | 128;
  value: bigint;
  /** Canonical text: of IPv6 the /64, which one household or host has to itself and changes within at will. */
  identity: string;
  /** As databases want it. */
  text: string;
}

/** Reads IPv4 and IPv6; an IPv4 address in IPv6 (::ffff:192.0.2.1) is one of IPv4. undefined where it is neither. */
export function parseAddress(text: string): Address | undefined {
  const family = isIP(text);
  if (family === 0) return undefined;
  if (family === 4) return ofVersion4(text);
  // The zone of a link-local address says nothing to anybody else.
  const [plain] = text.split("%", 1) as [string];
  const value = version6Value(plain);
  if (value >> 32n === 0xffffn) return ofVersion4(dotted(value & 0xffffffffn));
  return { bits: 128, value, identity: `${(value >> 64n).toString(16)}::/64`, text: plain };
}

/** A prefix: address and length. Errors: MNO_CONFIG_INVALID. */
export function parsePrefix(text: string, where: string): { address: Address; length: number } {
  const [host, digits] = text.trim().split("/", 2) as [string, string?];
  const address = parseAddress(host);
  const length = digits === undefined ? address?.bits : /^\d{1,3}$/.test(digits) ? Number(digits) : undefined;
  if (address === undefined || length === undefined || length > address.bits) {
    throw new MnoError("MNO_CONFIG_INVALID", `${where}: "${text}" is no address range; write one like 192.0.2.0/24`);
  }
  return { address, length };
}

function ofVersion4(text: string): Address {
  const value = text.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  return { bits: 32, value, identity: text, text };
}

const dotted = (value: bigint): string => [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join(".");

function version6Value(text: string): bigint {
  // The last 32 bits may be written as IPv4.
  const last = text.slice(text.lastIndexOf(":") + 1);
  const hex = last.includes(".")
    ? `${text.slice(0, -last.length)}${(ofVersion4(last).value >> 16n).toString(16)}:${(ofVersion4(last).value & 0xffffn).toString(16)}`
    : text;
  const [head = "", tail] = hex.split("::") as [string, string?];
  const groups = (part: string): string[] => (part === "" ? [] : part.split(":"));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const all = [...before, ...Array.from({ length: zeros }, () => "0"), ...after];
  return all.reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n);
}

/** Values by address range; the longest prefix wins. */
export class PrefixTable<T> {
  /** "bits/length" -> prefix -> value. */
  private readonly byLength = new Map<string, Map<bigint, T>>();
  private readonly lengths: Record<32 | 128, number[]> = { 32: [], 128: [] };

  add({ bits, value }: Address, length: number, entry: T): void {
    const key = `${String(bits)}/${String(length)}`;
    if (!this.byLength.has(key)) {
      this.byLength.set(key, new Map());
      this.lengths[bits] = [...this.lengths[bits], length].sort((a, b) => b - a);
    }
    this.byLength.get(key)!.set(value >> BigInt(bits - length), entry);
  }

  find({ bits, value }: Address): T | undefined {
    for (const length of this.lengths[bits]) {
      const found = this.byLength.get(`${String(bits)}/${String(length)}`)!.get(value >> BigInt(bits - length));
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
