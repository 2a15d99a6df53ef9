/** The few DER structures that key objects of the platform are imported from and exported to (RFC 5958, RFC 9881, RFC 9935). */

function element(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...size), content]);
}

function objectIdentifier(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split(".").map(Number);
  const bytes = [first! * 40 + second!];
  for (const arc of rest) {
    const digits = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
    bytes.push(...digits);
  }
  return element(0x06, Buffer.from(bytes));
}

/** PKCS #8 with the `expandedKey` choice of the private key: an octet string within the octet string. */
export function expandedPkcs8(oid: string, expanded: Uint8Array): Buffer {
  const algorithm = element(0x30, objectIdentifier(oid));
  const privateKey = element(0x04, element(0x04, expanded));
  return element(0x30, Buffer.concat([Buffer.of(0x02, 0x01, 0x00), algorithm, privateKey]));
}
