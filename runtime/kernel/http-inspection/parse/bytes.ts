/**
 * Percent- and UTF-8-decoding that accepts what lenient servers accept: a stray "%", overlong forms, bytes of Latin-1. What a
 * strict decoder would have refused is said in `oddities`, never thrown.
 */
export interface Decoded {
  readonly text: string;
  readonly oddities: Oddities;
}

export interface Oddities {
  /** "%" that no two hexadecimal digits follow. */
  strayPercent: boolean;
  /** A character in more bytes than it needs (RFC 3629, section 3 forbids it). */
  overlong: boolean;
  /** Bytes that are not UTF-8. */
  notUtf8: boolean;
  /** "%uXXXX" of Microsoft's servers. */
  percentU: boolean;
}

export function noOddities(): Oddities {
  return { strayPercent: false, overlong: false, notUtf8: false, percentU: false };
}

export function hexValue(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

/** One round of percent-decoding; `form`: "+" is a space, as in application/x-www-form-urlencoded. */
export function percentDecode(text: string, form: boolean, oddities: Oddities = noOddities()): Decoded {
  if (!text.includes("%") && !(form && text.includes("+"))) return { text, oddities };
  const out: string[] = [];
  let pending: number[] = [];
  const flush = (): void => {
    if (pending.length === 0) return;
    out.push(decodeUtf8(pending, oddities));
    pending = [];
  };
  let plainFrom = -1;
  const endPlain = (at: number): void => {
    if (plainFrom >= 0) out.push(text.slice(plainFrom, at));
    plainFrom = -1;
  };
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 37) {
      const high = hexValue(text.charCodeAt(i + 1));
      const low = hexValue(text.charCodeAt(i + 2));
      if (high >= 0 && low >= 0) {
        endPlain(i);
        pending.push(high * 16 + low);
        i += 2;
        continue;
      }
      const unit = percentU(text, i);
      if (unit >= 0) {
        endPlain(i);
        flush();
        out.push(String.fromCharCode(unit));
        oddities.percentU = true;
        i += 5;
        continue;
      }
      oddities.strayPercent = true;
    } else if (code === 43 && form) {
      endPlain(i);
      flush();
      out.push(" ");
      continue;
    }
    flush();
    if (plainFrom < 0) plainFrom = i;
  }
  endPlain(text.length);
  flush();
  return { text: out.join(""), oddities };
}

function percentU(text: string, at: number): number {
  if ((text.charCodeAt(at + 1) | 32) !== 117) return -1;
  let unit = 0;
  for (let i = at + 2; i < at + 6; i++) {
    const value = hexValue(text.charCodeAt(i));
    if (value < 0) return -1;
    unit = unit * 16 + value;
  }
  return unit;
}

/** Bytes of the character that begins so, the five- and six-byte forms of old included. */
function lengthOf(first: number): number {
  if (first < 0x80) return 1;
  if (first < 0xe0) return 2;
  if (first < 0xf0) return 3;
  if (first < 0xf8) return 4;
  return first < 0xfc ? 5 : 6;
}

/** UTF-8, overlong forms included; a byte that begins nothing stands for itself (Latin-1). */
export function decodeUtf8(bytes: ArrayLike<number>, oddities: Oddities = noOddities()): string {
  const out: string[] = [];
  let run: number[] = [];
  for (let i = 0; i < bytes.length;) {
    const first = bytes[i]!;
    const length = lengthOf(first);
    let code = length === 1 ? first : first & (0xff >> (length + 1));
    let taken = 1;
    if (length > 1 && (first < 0xc0 || first >= 0xfe)) code = -1;
    for (; code >= 0 && taken < length; taken++) {
      const next = bytes[i + taken];
      if (next === undefined || (next & 0xc0) !== 0x80) code = -1;
      else code = code * 64 + (next & 0x3f);
    }
    if (code < 0 || code > 0x10ffff) {
      oddities.notUtf8 = true;
      code = first;
      taken = 1;
    } else if (length > 1 && code < [0, 0, 0x80, 0x800, 0x10000, 0x200000, 0x4000000][length]!)
      oddities.overlong = true;
    if (code > 0xffff) run.push(0xd800 + ((code - 0x10000) >> 10), 0xdc00 + ((code - 0x10000) & 0x3ff));
    else run.push(code);
    i += taken;
    if (run.length > 4_000) {
      out.push(String.fromCharCode(...run));
      run = [];
    }
  }
  out.push(String.fromCharCode(...run));
  return out.join("");
}

/** A body as text: UTF-8 where it is, Latin-1 byte by byte where it is not. */
export function bodyText(bytes: Uint8Array, oddities: Oddities): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  return text.includes("\ufffd") ? decodeUtf8(bytes, oddities) : text;
}
