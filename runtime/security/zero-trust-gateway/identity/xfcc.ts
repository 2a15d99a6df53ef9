/** Longest header that is read; Envoy's own limit for all headers together is 60 KiB. */
const MOST_CHARACTERS = 16_384;
const MOST_ELEMENTS = 32;

/** One proxy's account of its client's certificate. */
export interface ForwardedCertificate {
  /** SHA-256 of the certificate in DER, 64 hexadecimal digits, lower-case. */
  readonly hash?: string;
  /** URI names of the client's certificate. */
  readonly uris: readonly string[];
}

/**
 * Reads `x-forwarded-client-cert` as Envoy writes it: elements separated by ",", one per proxy, the nearest last; pairs
 * `Key=Value` separated by ";"; values in double quotes where they have ",", ";" or "=", with `\"` for a quote. Keys in any
 * case. Undefined for what is not in that form: it says nothing then, rather than something that was guessed.
 * Source: Envoy, "HTTP header manipulation", x-forwarded-client-cert.
 */
export function parseForwardedCertificates(header: string): readonly ForwardedCertificate[] | undefined {
  if (header === "" || header.length > MOST_CHARACTERS) return undefined;
  const elements: ForwardedCertificate[] = [];
  let pairs: [key: string, value: string][] = [];
  let at = 0;
  for (;;) {
    const equals = header.indexOf("=", at);
    if (equals < 0) return undefined;
    const key = header.slice(at, equals).trim().toLowerCase();
    if (!/^[a-z]{1,16}$/.test(key)) return undefined;
    const value = readValue(header, equals + 1);
    if (value === undefined) return undefined;
    pairs.push([key, value.text]);
    at = value.end + 1;
    const separator = header[value.end];
    if (separator === ";") continue;
    const element = elementOf(pairs);
    if (element === undefined || elements.length === MOST_ELEMENTS) return undefined;
    elements.push(element);
    pairs = [];
    if (separator === undefined) return elements;
  }
}

function readValue(header: string, start: number): { text: string; end: number } | undefined {
  if (header[start] !== '"') {
    let end = start;
    while (end < header.length && header[end] !== ";" && header[end] !== ",") {
      if (header[end] === '"' || header[end] === "=") {
        // Envoy quotes what has these; unquoted, it is not Envoy that wrote it. Base64 padding of URL-encoded PEM is encoded.
        return undefined;
      }
      end += 1;
    }
    return { text: header.slice(start, end).trim(), end };
  }
  let text = "";
  for (let end = start + 1; end < header.length; end++) {
    const character = header[end] as string;
    if (character === '"') {
      const after = header[end + 1];
      return after === undefined || after === ";" || after === "," ? { text, end: end + 1 } : undefined;
    }
    if (character === "\\" && header[end + 1] === '"') {
      text += '"';
      end += 1;
    } else text += character;
  }
  return undefined;
}

function elementOf(pairs: readonly [string, string][]): ForwardedCertificate | undefined {
  const hashes = pairs.filter(([key]) => key === "hash").map(([, value]) => value.toLowerCase());
  const uris = pairs.filter(([key, value]) => key === "uri" && value !== "").map(([, value]) => value);
  if (hashes.length > 1 || hashes.some((hash) => !/^[0-9a-f]{64}$/.test(hash))) return undefined;
  return { ...(hashes[0] !== undefined && { hash: hashes[0] }), uris };
}
