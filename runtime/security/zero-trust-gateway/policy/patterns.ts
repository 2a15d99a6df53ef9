/** What `like` compares with: texts, and "Wildcard" for any run of characters between them. */
export type Pattern = readonly ("Wildcard" | { readonly Literal: string })[];

/** A test in linear time per wildcard: each piece is taken at its first occurrence, which leaves most to the rest. */
export function compilePattern(pattern: Pattern): (text: string) => boolean {
  const pieces = [""];
  for (const element of pattern) {
    if (element === "Wildcard") pieces.push("");
    else pieces[pieces.length - 1] += element.Literal;
  }
  const first = pieces[0]!;
  if (pieces.length === 1) return (text) => text === first;
  const last = pieces[pieces.length - 1]!;
  const middle = pieces.slice(1, -1).filter((piece) => piece !== "");
  const shortest = pieces.reduce((length, piece) => length + piece.length, 0);
  return (text) => {
    if (text.length < shortest || !text.startsWith(first) || !text.endsWith(last)) return false;
    const end = text.length - last.length;
    let at = first.length;
    for (const piece of middle) {
      const found = text.indexOf(piece, at);
      if (found < 0 || found + piece.length > end) return false;
      at = found + piece.length;
    }
    return at <= end;
  };
}
