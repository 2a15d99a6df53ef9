/** Writes a MaxMind database (file format 2.0, https://maxmind.github.io/MaxMind-DB/) that knows one IPv4 range. */
export function mmdb(range: string, record: Record<string, unknown>): Buffer {
  const [host = "", digits] = range.split("/");
  const length = Number(digits);
  const bits = host.split(".").flatMap((part) => [...Number(part).toString(2).padStart(8, "0")]);
  // One node for each bit: the bit's side goes on, the other is not known.
  const tree = Buffer.alloc(length * 6);
  for (let node = 0; node < length; node++) {
    const onward = node + 1 < length ? node + 1 : length + 16;
    const one = bits[node] === "1";
    tree.writeUIntBE(one ? length : onward, node * 6, 3);
    tree.writeUIntBE(one ? onward : length, node * 6 + 3, 3);
  }
  const metadata = {
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1,
    database_type: "Test-City",
    ip_version: 4,
    node_count: length,
    record_size: 24,
  };
  const marker = Buffer.from("\xab\xcd\xefMaxMind.com", "latin1");
  return Buffer.concat([tree, Buffer.alloc(16), encode(record), marker, encode(metadata)]);
}

/** Strings and maps of fewer than 29 bytes or members, whole numbers as uint32, others as doubles. */
function encode(value: unknown): Buffer {
  if (typeof value === "string") return Buffer.concat([Buffer.from([0x40 | value.length]), Buffer.from(value)]);
  if (typeof value === "boolean") return Buffer.from([value ? 1 : 0, 7]);
  if (typeof value === "number") {
    const bytes = Buffer.alloc(Number.isInteger(value) ? 5 : 9);
    bytes[0] = Number.isInteger(value) ? 0xc4 : 0x68;
    if (Number.isInteger(value)) bytes.writeUInt32BE(value, 1);
    else bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  const entries = Object.entries(value as object);
  return Buffer.concat([
    Buffer.from([0xe0 | entries.length]),
    ...entries.flatMap(([key, member]) => [encode(key), encode(member)]),
  ]);
}
