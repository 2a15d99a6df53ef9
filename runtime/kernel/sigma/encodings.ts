const LEADING = [0, 2, 3] as const;
const TRAILING = [undefined, -3, -2] as const;

/**
 * What Base64 makes of the bytes wherever they begin in the encoded text: one form for each of three offsets, without the
 * characters that depend on what is before and after (Sigma 2.1.0, modifier `base64offset`).
 */
export function base64Offsets(bytes: Buffer): string[] {
  return LEADING.map((leading, offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
    return encoded.slice(leading, TRAILING[(bytes.length + offset) % 3]);
  });
}

export type Utf16 = "utf16" | "utf16le" | "utf16be" | "wide";

export function utf16(text: string, form: Utf16): Buffer {
  const little = Buffer.from(text, "utf16le");
  if (form === "utf16be") return little.swap16();
  return form === "utf16" ? Buffer.concat([Buffer.from([0xff, 0xfe]), little]) : little;
}

/** The characters that introduce a flag of a Windows command: hyphen, slash, en dash, em dash, horizontal bar. */
const DASHES = ["-", "/", "\u2013", "\u2014", "\u2015"] as const;
const DASH = /[-/\u2013\u2014\u2015]/g;

/** One character for all dashes: equal texts are permutations of each other, however many dashes they have. */
export function undashed(text: string): string {
  return text.replace(DASH, "-");
}

export function literalBetweenDashes(text: string): string {
  return text.split(DASH).reduce((longest, part) => (part.length > longest.length ? part : longest), "");
}

/** Every permutation of the dashes; undefined where they are more than `limit`. */
export function dashPermutations(text: string, limit: number): string[] | undefined {
  let texts = [""];
  for (const part of text.split(/([-/\u2013\u2014\u2015])/)) {
    const choices = part.length === 1 && (DASHES as readonly string[]).includes(part) ? DASHES : [part];
    if (texts.length * choices.length > limit) return undefined;
    texts = texts.flatMap((text) => choices.map((choice) => text + choice));
  }
  return texts;
}
