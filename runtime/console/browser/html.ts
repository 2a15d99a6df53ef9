/** Markup that is safe to put into the page: whatever it was made from was escaped. */
export class Html {
  constructor(readonly text: string) {}
}

type Value = Html | string | number | null | undefined | false | readonly Value[];

/** Template tag: what stands between the pieces is text, never markup, unless it is Html itself. Names of jobs are user input. */
export function html(pieces: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(pieces.reduce((text, piece, i) => text + render(values[i - 1]) + piece));
}

function render(value: Value): string {
  if (value === null || value === undefined || value === false) return "";
  if (value instanceof Html) return value.text;
  if (typeof value === "object") return value.map(render).join("");
  return escape(String(value));
}

const escape = (text: string): string => text.replace(/[&<>"'`]/g, (sign) => `&#${String(sign.charCodeAt(0))};`);
