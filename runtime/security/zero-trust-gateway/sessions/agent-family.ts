import Bowser from "bowser";

/** Long enough for any browser; what is longer is cut before a regular expression sees it. */
const MOST_CHARACTERS = 512;
const REMEMBERED = 1000;
const families = new Map<string, string>();

/** Browser, system and kind of device of a User-Agent header, without versions: "Chrome, Linux, desktop". */
export function agentFamily(userAgent: string | undefined): string {
  const text = (userAgent ?? "").slice(0, MOST_CHARACTERS);
  const known = families.get(text);
  if (known !== undefined) return known;
  const family = parse(text);
  if (families.size >= REMEMBERED) families.delete(families.keys().next().value as string);
  families.set(text, family);
  return family;
}

function parse(text: string): string {
  if (text === "") return "none";
  const { browser, os, platform } = Bowser.parse(text);
  // What Bowser does not know is a program: its product token tells it from others.
  const name =
    browser.name === undefined || browser.name === "" ? (/^[\w.-]{1,64}/.exec(text)?.[0] ?? "other") : browser.name;
  return [name, os.name ?? "unknown system", platform.type ?? "unknown device"].join(", ");
}
