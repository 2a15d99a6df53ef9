import { isIP } from "node:net";

/** The part of DNS that an authoritative server for addresses needs (RFC 1035, 6891 and 7871), as pure functions over bytes. */

export const TYPE = { A: 1, SOA: 6, AAAA: 28, OPT: 41, ANY: 255 } as const;
export const RCODE = { NOERROR: 0, FORMERR: 1, NOTIMP: 4, REFUSED: 5, BADVERS: 16 } as const;
const CLASS_IN = 1;
const CLIENT_SUBNET = 8;
const HEADER_BYTES = 12;
const PLAIN_UDP_BYTES = 512;
/** Fits every path without fragments (DNS flag day 2020). */
const MOST_UDP_BYTES = 1232;
const NEGATIVE_SECONDS = 30;

export interface ClientSubnet {
  readonly family: 1 | 2;
  readonly sourcePrefix: number;
  /** As sent: only as many bytes as the prefix needs. */
  readonly bytes: Buffer;
  /** The same in text. */
  readonly address: string;
}

export interface DnsQuery {
  readonly id: number;
  readonly recursionDesired: boolean;
  /** Lower-case, without the final dot. */
  readonly name: string;
  readonly type: number;
  readonly inInternet: boolean;
  /** The question as it came, to be sent back as it is: resolvers vary the case to tell forged answers. */
  readonly question: Buffer;
  readonly edns: { readonly udpBytes: number; readonly version: number; readonly subnet?: ClientSubnet } | undefined;
}

/** What is wrong with bytes that are not a query to be answered. `id` undefined: nothing to send back to. */
export interface Malformed {
  readonly fault: number;
  readonly id: number | undefined;
}

export interface DnsAnswer {
  readonly rcode: number;
  /** Of the question's type. */
  readonly addresses: readonly string[];
  readonly ttlSeconds: number;
  /** Bits of the client's network that the answer holds for. */
  readonly scopePrefix: number;
}

class Unreadable extends Error {}

/** Reads one query. Never throws: what cannot be read is malformed. */
export function parseQuery(bytes: Buffer): DnsQuery | Malformed {
  if (bytes.length < HEADER_BYTES) return { fault: RCODE.FORMERR, id: undefined };
  const id = bytes.readUInt16BE(0);
  const flags = bytes.readUInt16BE(2);
  // A response: answering it could begin an endless exchange with another server.
  if (flags & 0x8000) return { fault: RCODE.FORMERR, id: undefined };
  if ((flags >> 11) & 0xf) return { fault: RCODE.NOTIMP, id };
  const [questions, answers, authorities, additionals] = [4, 6, 8, 10].map((at) => bytes.readUInt16BE(at));
  if (questions !== 1 || answers !== 0 || authorities !== 0) return { fault: RCODE.FORMERR, id };
  try {
    const { name, next } = readName(bytes, HEADER_BYTES);
    const type = uint16(bytes, next);
    const cls = uint16(bytes, next + 2);
    const end = next + 4;
    const edns = readAdditionals(bytes, end, additionals ?? 0);
    return {
      id,
      recursionDesired: (flags & 0x0100) !== 0,
      name,
      type,
      inInternet: cls === CLASS_IN,
      question: bytes.subarray(HEADER_BYTES, end),
      edns,
    };
  } catch (error) {
    if (error instanceof Unreadable) return { fault: RCODE.FORMERR, id };
    throw error;
  }
}

/** The answer to a query; over UDP one that is too long is cut, and says so. */
export function renderAnswer(query: DnsQuery, answer: DnsAnswer, transport: "udp" | "tcp"): Buffer {
  const records = answer.addresses.map((address) => addressRecord(query.type, address, answer.ttlSeconds));
  const soa = answer.rcode === RCODE.NOERROR && records.length === 0 ? [soaRecord()] : [];
  const opt = query.edns ? [optRecord(query.edns.subnet, answer)] : [];
  const whole = assemble(query, answer.rcode, records, soa, opt, false);
  const limit =
    transport === "tcp" ? 65_535 : Math.min(MOST_UDP_BYTES, Math.max(PLAIN_UDP_BYTES, query.edns?.udpBytes ?? 0));
  return whole.length <= limit ? whole : assemble(query, answer.rcode, [], [], opt, true);
}

/** The answer to what is malformed; undefined where it had better be none. */
export function renderFault({ fault, id }: Malformed): Buffer | undefined {
  if (id === undefined) return undefined;
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(0x8000 | fault, 2);
  return header;
}

function assemble(
  query: DnsQuery,
  rcode: number,
  answers: readonly Buffer[],
  authorities: readonly Buffer[],
  additionals: readonly Buffer[],
  truncated: boolean,
): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(query.id, 0);
  const authoritative = rcode === RCODE.NOERROR ? 0x0400 : 0;
  header.writeUInt16BE(
    0x8000 | authoritative | (truncated ? 0x0200 : 0) | (query.recursionDesired ? 0x0100 : 0) | (rcode & 0xf),
    2,
  );
  [1, answers.length, authorities.length, additionals.length].forEach((count, index) =>
    header.writeUInt16BE(count, 4 + 2 * index),
  );
  return Buffer.concat([header, query.question, ...answers, ...authorities, ...additionals]);
}

/** A record of the name in the question, which a pointer stands for. */
function record(type: number, ttlSeconds: number, data: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc000 | HEADER_BYTES, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(CLASS_IN, 4);
  head.writeUInt32BE(ttlSeconds, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function addressRecord(type: number, address: string, ttlSeconds: number): Buffer {
  return record(type, ttlSeconds, addressBytes(address));
}

/** Says how long "there is none of this type" may be kept (RFC 2308); the zone is the name itself. */
function soaRecord(): Buffer {
  const zone = Buffer.from([0xc0, HEADER_BYTES]);
  const numbers = Buffer.alloc(20);
  [1, 3600, 600, 86_400, NEGATIVE_SECONDS].forEach((number, index) => numbers.writeUInt32BE(number, 4 * index));
  return record(TYPE.SOA, NEGATIVE_SECONDS, Buffer.concat([zone, zone, numbers]));
}

function optRecord(subnet: ClientSubnet | undefined, { scopePrefix, rcode }: DnsAnswer): Buffer {
  const option = subnet ? Buffer.alloc(8 + subnet.bytes.length) : Buffer.alloc(0);
  if (subnet) {
    option.writeUInt16BE(CLIENT_SUBNET, 0);
    option.writeUInt16BE(4 + subnet.bytes.length, 2);
    option.writeUInt16BE(subnet.family, 4);
    option.writeUInt8(subnet.sourcePrefix, 6);
    option.writeUInt8(scopePrefix, 7);
    subnet.bytes.copy(option, 8);
  }
  const head = Buffer.alloc(11);
  head.writeUInt16BE(TYPE.OPT, 1);
  head.writeUInt16BE(MOST_UDP_BYTES, 3);
  head.writeUInt8(rcode >> 4, 5);
  head.writeUInt16BE(option.length, 9);
  return Buffer.concat([head, option]);
}

function readName(bytes: Buffer, start: number): { name: string; next: number } {
  const labels: string[] = [];
  let at = start;
  for (;;) {
    const length = uint8(bytes, at);
    at += 1;
    if (length === 0) break;
    // Nothing comes before the question that a pointer could point to.
    if (length > 63 || at + length > bytes.length || at + length - start > 254) throw new Unreadable();
    labels.push(bytes.toString("latin1", at, at + length).toLowerCase());
    at += length;
  }
  return { name: labels.join("."), next: at };
}

function readAdditionals(bytes: Buffer, start: number, count: number): DnsQuery["edns"] {
  let edns: DnsQuery["edns"];
  let at = start;
  for (let index = 0; index < count; index += 1) {
    const { next } = readName(bytes, at);
    const type = uint16(bytes, next);
    const length = uint16(bytes, next + 8);
    const data = next + 10;
    if (data + length > bytes.length) throw new Unreadable();
    if (type === TYPE.OPT) {
      if (edns) throw new Unreadable();
      const subnet = readSubnet(bytes.subarray(data, data + length));
      edns = { udpBytes: uint16(bytes, next + 2), version: uint8(bytes, next + 5), ...(subnet && { subnet }) };
    }
    at = data + length;
  }
  if (at !== bytes.length) throw new Unreadable();
  return edns;
}

function readSubnet(options: Buffer): ClientSubnet | undefined {
  let subnet: ClientSubnet | undefined;
  for (let at = 0; at < options.length;) {
    const code = uint16(options, at);
    const length = uint16(options, at + 2);
    const data = options.subarray(at + 4, at + 4 + length);
    if (data.length !== length) throw new Unreadable();
    if (code === CLIENT_SUBNET) {
      if (subnet) throw new Unreadable();
      subnet = subnetOf(data);
    }
    at += 4 + length;
  }
  return subnet;
}

function subnetOf(data: Buffer): ClientSubnet {
  const family = uint16(data, 0);
  const sourcePrefix = uint8(data, 2);
  const bytes = data.subarray(4);
  if ((family !== 1 && family !== 2) || uint8(data, 3) !== 0) throw new Unreadable();
  if (sourcePrefix > (family === 1 ? 32 : 128) || bytes.length !== Math.ceil(sourcePrefix / 8)) throw new Unreadable();
  const spare = bytes.length * 8 - sourcePrefix;
  if (spare > 0 && (bytes[bytes.length - 1] ?? 0) & ((1 << spare) - 1)) throw new Unreadable();
  const full = Buffer.concat([bytes], family === 1 ? 4 : 16);
  const address =
    family === 1
      ? full.join(".")
      : Array.from({ length: 8 }, (_, index) => full.readUInt16BE(2 * index).toString(16)).join(":");
  return { family, sourcePrefix, bytes: Buffer.from(bytes), address };
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split(".").map(Number));
  // The WHATWG parser writes every IPv6 form, embedded IPv4 included, in groups of hexadecimal digits.
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const groups = (text: string): number[] => (text === "" ? [] : text.split(":").map((group) => parseInt(group, 16)));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const bytes = Buffer.alloc(16);
  before.forEach((group, index) => bytes.writeUInt16BE(group, 2 * index));
  after.forEach((group, index) => bytes.writeUInt16BE(group, 16 - 2 * (after.length - index)));
  return bytes;
}

function uint8(bytes: Buffer, at: number): number {
  if (at + 1 > bytes.length) throw new Unreadable();
  return bytes.readUInt8(at);
}

function uint16(bytes: Buffer, at: number): number {
  if (at + 2 > bytes.length) throw new Unreadable();
  return bytes.readUInt16BE(at);
}
