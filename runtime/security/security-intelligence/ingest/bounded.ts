/** As deep as rules look (kernel/sigma/view.ts), and far less than what makes JSON.stringify run out of stack. */
export const MAX_DEPTH = 32;
const MAX_TEXT = 1024;
const MAX_ITEMS = 256;
const CUT = "…";

type Limits = Readonly<Record<"depth" | "text" | "items", number>>;

/** The value, with what is nested deeper than MAX_DEPTH cut off; itself where nothing is. */
export function shallow<T>(value: T): T {
  return isDeeper(value, MAX_DEPTH) ? (cut(value, { depth: MAX_DEPTH, text: Infinity, items: Infinity }) as T) : value;
}

/** The beginnings of its texts and lists: what it is like remains, of whatever length it was. */
export function abridged<T>(value: T): T {
  return cut(value, { depth: MAX_DEPTH, text: MAX_TEXT, items: MAX_ITEMS }) as T;
}

function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return depth === 0 || Object.values(value).some((member) => isDeeper(member, depth - 1));
}

function cut(value: unknown, limits: Limits): unknown {
  if (typeof value === "string") return value.length > limits.text ? value.slice(0, limits.text) + CUT : value;
  if (typeof value !== "object" || value === null) return value;
  if (limits.depth === 0) return CUT;
  const within = { ...limits, depth: limits.depth - 1 };
  if (Array.isArray(value)) return value.slice(0, limits.items).map((item) => cut(item, within));
  // fromEntries defines members, whatever their names are: "__proto__" is one like any other.
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, limits.items)
      .map(([name, member]) => [name.slice(0, limits.text), cut(member, within)]),
  );
}
