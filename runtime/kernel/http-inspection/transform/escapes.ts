import { hexValue } from "../parse/bytes";

/** `\xHH`, `\uHHHH`, `\u{H...}` and octal `\NNN` of C, JavaScript, PHP and CSS-like escapes; other backslashes stay. */
export function decodeEscapes(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}|([0-3]?[0-7]{2}))/g,
    (all: string, byte?: string, unit?: string, point?: string, octal?: string) => {
      const code = octal !== undefined ? parseInt(octal, 8) : parseInt((byte ?? unit ?? point)!, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : all;
    },
  );
}

/** UTF-7 (RFC 2152) runs such as `+ADw-` that hide ASCII. */
export function decodeUtf7(text: string): string {
  if (!text.includes("+A")) return text;
  return text.replace(/\+(A[A-Za-z0-9+/]{2,60})-?/g, (all: string, run: string) => {
    const bytes = Buffer.from(run, "base64");
    let out = "";
    for (let i = 0; i + 1 < bytes.length; i += 2) {
      if (bytes[i] !== 0 || bytes[i + 1]! < 0x20 || bytes[i + 1]! > 0x7e) return all;
      out += String.fromCharCode(bytes[i + 1]!);
    }
    return out === "" ? all : out;
  });
}

/** Base64 or base64url of text, as a whole value; undefined where it is not plausibly that. */
export function decodeBase64(text: string, shortest = 16): string | undefined {
  const trimmed = text.trim();
  if (trimmed.length < shortest || !/^[A-Za-z0-9+/_-]{4,}={0,2}$/.test(trimmed)) return undefined;
  const bytes = Buffer.from(trimmed, "base64");
  let printable = 0;
  for (const byte of bytes) if ((byte >= 0x20 && byte < 0x7f) || byte === 9 || byte === 10 || byte === 13) printable++;
  return printable >= bytes.length * 0.95 ? bytes.toString("latin1") : undefined;
}

/** Bytes written as hexadecimal digits (`0x...`, `X'...'`), where they are text. */
export function decodeHex(digits: string): string | undefined {
  if (digits.length < 8 || digits.length % 2 !== 0) return undefined;
  let out = "";
  for (let i = 0; i < digits.length; i += 2) {
    const code = hexValue(digits.charCodeAt(i)) * 16 + hexValue(digits.charCodeAt(i + 1));
    if (code < 0x09 || code > 0x7e) return undefined;
    out += String.fromCharCode(code);
  }
  return out;
}
