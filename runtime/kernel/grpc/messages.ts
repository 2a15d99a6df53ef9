import { BinaryReader } from "google-protobuf";

/** Calls `read` with each field's number; what it does not read is passed over, as newer fields have to be. */
export function readMessage(bytes: Uint8Array, read: (field: number, reader: BinaryReader) => boolean): void {
  const reader = new BinaryReader(bytes);
  while (reader.nextField() && !reader.isEndGroup()) {
    if (!read(reader.getFieldNumber(), reader)) reader.skipField();
  }
}

/**
 * A `string` field. google-protobuf's own readString does not look whether as much is there as the length says: it goes on over the end,
 * up to 4 GiB of nothing, character by character. Throws where the message ends before.
 */
export function readText(reader: BinaryReader): string {
  return Buffer.from(reader.readBytes()).toString("utf8");
}

/** One entry of a `map<string, V>`: its key, and its value as `value` reads it; `absent` where it has none. */
export function readEntry<V>(bytes: Uint8Array, value: (reader: BinaryReader) => V, absent: V): [string, V] {
  const entry: [string, V] = ["", absent];
  readMessage(bytes, (part, reader) => {
    if (part === 1) entry[0] = readText(reader);
    else if (part === 2) entry[1] = value(reader);
    else return false;
    return true;
  });
  return entry;
}
