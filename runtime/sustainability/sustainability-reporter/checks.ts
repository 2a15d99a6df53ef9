import { MnoError } from "../../exports";
import { TEXT_PATTERN } from "../../kernel/http/text";

/** In units of 1e-9 kWh and 1e-6 g: 2.25 GWh, 2,252 t. Beyond it a double no longer tells whole units apart. */
const MOST_UNITS = 2n ** 51n;
const MOST_SIGNS = 1000;
const TEXT = new RegExp(TEXT_PATTERN, "u");

export type Refuse = (what: string) => never;

/** Errors of the event that `of` names are MNO_ENERGY_RECORD_INVALID. */
export const refusal =
  (of: string): Refuse =>
  (what) => {
    throw new MnoError("MNO_ENERGY_RECORD_INVALID", `${of} ${what}`);
  };

/** The separator of keys is a control character: a name with one could pass for another. */
export function checkTexts(texts: readonly (string | null)[], refuse: Refuse): void {
  for (const text of texts) {
    if (text === null || (text.length <= MOST_SIGNS && TEXT.test(text))) continue;
    refuse(`names ${JSON.stringify(text.slice(0, 50))}: names have at most ${MOST_SIGNS} and no control characters`);
  }
}

/** Milliseconds; a leap second, which RFC 3339 has and JavaScript has not, is refused. */
export function timeOf(text: string, refuse: Refuse): number {
  const time = Date.parse(text);
  return Number.isNaN(time) ? refuse(`says ${text}, which is no time`) : time;
}

export function checkAmounts(amounts: readonly bigint[], refuse: Refuse): void {
  const large = amounts.find((amount) => amount > MOST_UNITS);
  if (large !== undefined) refuse(`has an amount of ${large} units; more than ${MOST_UNITS} are not exact`);
}
