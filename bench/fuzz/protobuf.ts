import { mutateBytes, type Mutator } from "./mutate";
import type { Random } from "./random";

interface Field {
  readonly number: number;
  readonly wire: number;
  /** What stands behind the tag: a varint or a fixed number as it is, or the content of a length-delimited field. */
  readonly value: Buffer;
}

/**
 * Messages are taken apart, one field is changed, taken away, doubled or given another number, and all is put together with lengths that
 * are right; one in four mutants is one of bytes.
 */
export const mutateProtobuf: Mutator<Buffer> = (input, other, words, random) => {
  if (random.below(4) === 0) return mutateBytes(input, other, words, random);
  return changed(input, other, words, random, 0);
};

function changed(input: Buffer, other: Buffer, words: readonly string[], random: Random, depth: number): Buffer {
  const fields = depth > 8 ? undefined : fieldsOf(input);
  if (fields === undefined || fields.length === 0) return mutateBytes(input, other, words, random);
  const at = random.below(fields.length);
  const field = fields[at]!;
  switch (random.below(10)) {
    case 0:
      fields.splice(at, 1);
      break;
    case 1:
      fields.push(field);
      break;
    case 2:
      fields[at] = { ...field, number: 1 + random.below(20) };
      break;
    default: {
      const value =
        field.wire === 2
          ? changed(field.value, other, words, random, depth + 1)
          : varint(random.pick([0, 1, 127, 128, 403, 2 ** 31]));
      fields[at] = { ...field, value: field.wire === 1 || field.wire === 5 ? field.value : value };
    }
  }
  return Buffer.concat(
    fields.flatMap(({ number, wire, value }) => [
      varint(number * 8 + wire),
      ...(wire === 2 ? [varint(value.length)] : []),
      value,
    ]),
  );
}

/** Undefined for what is no message. */
function fieldsOf(bytes: Buffer): Field[] | undefined {
  const fields: Field[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = readVarint(bytes, at);
    if (tag === undefined || tag.value < 8) return undefined;
    const wire = tag.value % 8;
    let [from, to] = [tag.end, tag.end];
    if (wire === 0) to = readVarint(bytes, from)?.end ?? Infinity;
    else if (wire === 1) to = from + 8;
    else if (wire === 5) to = from + 4;
    else if (wire === 2) {
      const length = readVarint(bytes, from);
      if (length === undefined) return undefined;
      from = length.end;
      to = from + length.value;
    } else return undefined;
    if (to > bytes.length) return undefined;
    fields.push({ number: Math.floor(tag.value / 8), wire, value: bytes.subarray(from, to) });
    at = to;
  }
  return fields;
}

function readVarint(bytes: Buffer, from: number): { value: number; end: number } | undefined {
  let value = 0;
  for (let at = from; at < Math.min(bytes.length, from + 5); at += 1) {
    value += (bytes[at]! & 0x7f) * 2 ** (7 * (at - from));
    if (bytes[at]! < 0x80) return { value, end: at + 1 };
  }
  return undefined;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}
