const NAMED: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
  nbsp: " ",
  tab: "\t",
  newline: "\n",
  colon: ":",
  lpar: "(",
  rpar: ")",
  lbrace: "{",
  lcub: "{",
  rbrace: "}",
  rcub: "}",
  lsqb: "[",
  lbrack: "[",
  rsqb: "]",
  rbrack: "]",
  sol: "/",
  bsol: "\\",
  semi: ";",
  comma: ",",
  period: ".",
  excl: "!",
  num: "#",
  dollar: "$",
  percnt: "%",
  ast: "*",
  plus: "+",
  equals: "=",
  quest: "?",
  commat: "@",
  hat: "^",
  lowbar: "_",
  grave: "`",
  diacriticalgrave: "`",
  vert: "|",
  verbar: "|",
  hyphen: "-",
};

/** HTML and XML character references, also without their ";", as browsers take them. */
export function decodeEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(
    /&(?:#(?:[xX]([0-9a-fA-F]{1,8})|(\d{1,9}));?|([A-Za-z]{2,16});)/g,
    (all: string, hex: string | undefined, decimal: string | undefined, name: string | undefined) => {
      if (name !== undefined) return NAMED[name.toLowerCase()] ?? all;
      const code = hex !== undefined ? parseInt(hex, 16) : Number(decimal);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : all;
    },
  );
}
