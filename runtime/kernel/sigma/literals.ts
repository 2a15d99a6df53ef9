import type { Tree } from "./tree";

/** A text in a field, or anywhere where `field` is null. */
export interface Literal {
  readonly field: string | null;
  readonly kind: "exact" | "part";
  readonly text: string;
}

const MAX_LITERALS = 1024;

/**
 * Texts of which an event that the tree holds for has at least one; undefined where there are none such. Of the ways to choose
 * them the one is taken that few events pass: long texts, and few of them.
 */
export function necessaryLiterals(tree: Tree): readonly Literal[] | undefined {
  switch (tree.kind) {
    case "not":
      return undefined;
    case "test": {
      const { literal, shape } = tree.test;
      // An absent field is no text at all, so it is looked for among the fields that are there.
      return literal && (shape.kind === "pattern" || shape.kind === "regex")
        ? [{ field: tree.field, ...literal }]
        : undefined;
    }
    case "or": {
      const found: Literal[] = [];
      for (const child of tree.of) {
        const literals = necessaryLiterals(child);
        if (!literals || found.length + literals.length > MAX_LITERALS) return undefined;
        found.push(...literals);
      }
      return found;
    }
    case "and":
      return tree.of
        .map(necessaryLiterals)
        .filter((literals) => literals !== undefined)
        .reduce<readonly Literal[] | undefined>(
          (best, one) => (best && worth(best) >= worth(one) ? best : one),
          undefined,
        );
  }
}

/** Longer is rarer, and so is the whole of a field; every doubling of the choice costs a character. */
function worth(literals: readonly Literal[]): number {
  const rarest = literals.map(({ kind, text }) => Math.min(text.length, 12) + (kind === "exact" ? 2 : 0));
  return Math.min(...rarest) - Math.log2(literals.length);
}
