import { BUDGET } from "../limits";
import { percentDecode } from "../parse/bytes";
import { decodeEntities } from "./entities";
import { decodeBase64, decodeEscapes, decodeUtf7 } from "./escapes";

/**
 * The forms of a text that are looked at: as it is, decoded until nothing more decodes, and what its base64 holds. At most
 * three; circled figures may double, nothing else grows.
 */
export function variantsOf(value: string): string[] {
  const variants = [value];
  const decoded = fullyDecoded(value);
  if (decoded !== value) variants.push(decoded);
  const hidden = decodeBase64(decoded.replace(/^data:[^,]{0,80};base64,/i, ""));
  if (hidden !== undefined) variants.push(fullyDecoded(hidden));
  return variants;
}

/** Percent, entities, escapes, UTF-7, full-width forms and NUL, at most `BUDGET.rounds` times over. */
export function fullyDecoded(value: string): string {
  let text = value;
  for (let round = 0; round < BUDGET.rounds; round++) {
    const before = text;
    text = decodeEscapes(decodeEntities(decodeUtf7(percentDecode(text, false).text)));
    if (text === before) break;
  }
  if (text.includes("\0")) text = text.replaceAll("\0", "");
  return /[\u00a0\u2000-\u206f\u3000\u3002\uff01-\uff5e\u212a\u017f\u2215\u2216\u2044\u2460-\u24ff]/.test(text)
    ? folded(text)
    : text;
}

/** Full-width and look-alike forms as the ASCII that best-fit conversions make of them; invisible characters are dropped. */
function folded(text: string): string {
  return text
    .replace(/[\uff01-\uff5e]/g, (char) => String.fromCharCode(char.charCodeAt(0) - 0xfee0))
    .replace(/[\u00a0\u2000-\u200a\u2028\u2029\u202f\u3000]/g, " ")
    .replace(/[\u200b-\u200f\u2060]/g, "")
    .replace(/[\u2460-\u24ff]/g, (char) => char.normalize("NFKC").slice(0, 2))
    .replace(/[\u2215\u2044]/g, "/")
    .replaceAll("\u2216", "\\")
    .replaceAll("\u3002", ".")
    .replaceAll("\u212a", "K")
    .replaceAll("\u017f", "s");
}
