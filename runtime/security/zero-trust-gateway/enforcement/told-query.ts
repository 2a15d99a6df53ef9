import { typeOf } from "../../../kernel/http-inspection/grammar/value-model";
import { percentDecode } from "../../../kernel/http-inspection/parse/bytes";

const MOST_PARAMETERS = 100;
const MOST_CHARACTERS = 2048;
const MOST_SHOWN = 256;
/** Of a value that its kind is told by. */
const MOST_LOOKED_AT = 1024;
const NAME = /^[A-Za-z0-9_.$:[\]-]{1,64}$/;
/** In the place of a name that is none: what stands there may be a value. */
const NO_NAME = "~";
const MORE = "~more";

/**
 * A query as records and events may have it: names as they are, of values kind and length (`page=integer.1&q=text.14`), but for those of
 * parameters that the route shows. Linear in the query's length, of which it looks at a bounded part.
 */
export function toldQuery(query: string, shown: readonly string[]): string {
  if (query === "") return "";
  let told = "";
  const parameters = query.split("&", MOST_PARAMETERS + 1);
  for (const [index, parameter] of parameters.entries()) {
    const next = index === MOST_PARAMETERS ? MORE : toldParameter(parameter, shown);
    if (told.length + next.length >= MOST_CHARACTERS) return `${told}&${MORE}`;
    told += index === 0 ? next : `&${next}`;
  }
  return told;
}

function toldParameter(parameter: string, shown: readonly string[]): string {
  const equals = parameter.indexOf("=");
  const given = percentDecode(equals < 0 ? parameter : parameter.slice(0, equals), true).text;
  const isShown = shown.includes(given);
  if (equals < 0) return isShown ? given : `${NO_NAME}=${kindOf(parameter)}`;
  const value = parameter.slice(equals + 1);
  const name = isShown || NAME.test(given) ? given : NO_NAME;
  return `${name}=${isShown && value.length <= MOST_SHOWN ? value : kindOf(value)}`;
}

function kindOf(value: string): string {
  if (value === "") return "empty.0";
  if (value.length > MOST_LOOKED_AT) return `text.${String(value.length)}`;
  const { text } = percentDecode(value, true);
  return `${typeOf(text)}.${String(text.length)}`;
}
