import { fail } from "../fault";
import { Keyed } from "../values";

/** Cedar's `ipaddr`: an address with the length of a prefix, host bits kept. */
export class IpValue extends Keyed {
  readonly key: string;

  constructor(
    readonly bits: 32 | 128,
    readonly address: bigint,
    readonly prefix: number,
  ) {
    super();
    this.key = `(ip ${bits} ${address} ${prefix})`;
  }

  private network(prefix: number): bigint {
    return this.address >> BigInt(this.bits - prefix);
  }

  isInRange(other: IpValue): boolean {
    return (
      this.bits === other.bits &&
      this.prefix >= other.prefix &&
      this.network(other.prefix) === other.network(other.prefix)
    );
  }

  get isLoopback(): boolean {
    return this.isInRange(this.bits === 32 ? LOOPBACK_4 : LOOPBACK_6);
  }

  get isMulticast(): boolean {
    return this.isInRange(this.bits === 32 ? MULTICAST_4 : MULTICAST_6);
  }
}

const LOOPBACK_4 = new IpValue(32, 127n << 24n, 8);
const LOOPBACK_6 = new IpValue(128, 1n, 128);
const MULTICAST_4 = new IpValue(32, 224n << 24n, 4);
const MULTICAST_6 = new IpValue(128, 0xffn << 120n, 8);

/** Longest text: an IPv6 address in full, and its prefix. */
const MAX_LENGTH = 43;

export function ip(text: string): IpValue {
  return parse(text) ?? fail(`${JSON.stringify(text)} is not an IP address or range`);
}

function parse(text: string): IpValue | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const slash = text.indexOf("/");
  const host = slash < 0 ? text : text.slice(0, slash);
  const bits = host.includes(":") ? 128 : 32;
  const address = bits === 32 ? ipv4(host) : ipv6(host);
  if (address === undefined) return undefined;
  if (slash < 0) return new IpValue(bits, address, bits);
  const prefix = text.slice(slash + 1);
  if (!/^(0|[1-9]\d{0,2})$/.test(prefix) || Number(prefix) > bits) return undefined;
  return new IpValue(bits, address, Number(prefix));
}

function ipv4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256))
    return undefined;
  return parts.reduce((address, part) => (address << 8n) | BigInt(part), 0n);
}

/** RFC 4291, section 2.2, forms 1 and 2; Cedar takes no IPv4 address inside an IPv6 one. */
function ipv6(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const groups = halves.map((half) => (half === "" ? [] : half.split(":")));
  if (!groups.flat().every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  const [head, tail = []] = groups as [string[], string[]?];
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const all = [...head, ...Array<string>(missing).fill("0"), ...tail];
  return all.reduce((address, group) => (address << 16n) | BigInt(`0x${group}`), 0n);
}
