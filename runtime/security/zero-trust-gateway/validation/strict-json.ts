/** Limits of a body, whatever its schema says. */
export interface BodyLimits {
  readonly bytes: number;
  readonly depth: number;
  /** Members of one array. */
  readonly items: number;
  /** Members of one object. */
  readonly keys: number;
  /** UTF-16 units of one text. */
  readonly chars: number;
}

export type JsonReading = { readonly value: unknown } | { readonly pointer: string; readonly fault: string };

/**
 * JSON as every parser reads it alike: no member twice in one object, nothing deeper or larger than the limits, no member
 * named `__proto__`. Never throws.
 */
export function readStrictJson(text: string, limits: BodyLimits): JsonReading {
  // First by `JSON.parse`, so that the scan below walks only what is JSON.
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { pointer: "", fault: "is not JSON" };
  }
  interface Level {
    keys?: Set<string>;
    key: string;
    count: number;
  }
  const levels: Level[] = [];
  const pointer = (): string =>
    levels
      .map((level) => `/${level.keys ? escaped(level.key) : level.count}`)
      .join("")
      .slice(0, 300);
  let expectsKey = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    const level = levels.at(-1);
    if (char === '"') {
      const start = i;
      for (i++; text[i] !== '"'; i++) if (text[i] === "\\") i++;
      if (i - start - 1 > limits.chars * 6)
        return { pointer: pointer(), fault: `is longer than ${limits.chars} characters` };
      if (!expectsKey || level?.keys === undefined) {
        if (i - start - 1 > limits.chars && (JSON.parse(text.slice(start, i + 1)) as string).length > limits.chars) {
          return { pointer: pointer(), fault: `is longer than ${limits.chars} characters` };
        }
        continue;
      }
      const key = JSON.parse(text.slice(start, i + 1)) as string;
      if (level.keys.has(key)) return { pointer: pointer(), fault: "has a member twice" };
      if (key === "__proto__")
        return { pointer: pointer(), fault: "has a member that reaches the prototype of objects" };
      level.keys.add(key);
      level.key = key;
      expectsKey = false;
      if (level.keys.size > limits.keys) return { pointer: pointer(), fault: `has more than ${limits.keys} members` };
    } else if (char === "{" || char === "[") {
      if (levels.length >= limits.depth) return { pointer: pointer(), fault: `is nested deeper than ${limits.depth}` };
      levels.push(char === "{" ? { keys: new Set(), key: "", count: 0 } : { key: "", count: 0 });
      expectsKey = char === "{";
    } else if (char === "}" || char === "]") {
      levels.pop();
      expectsKey = false;
    } else if (char === "," && level !== undefined) {
      expectsKey = level.keys !== undefined;
      if (++level.count >= limits.items && level.keys === undefined)
        return { pointer: pointer(), fault: `has more than ${limits.items} items` };
    }
  }
  return { value };
}

export function escaped(token: string): string {
  return token.replaceAll("~", "~0").replaceAll("/", "~1");
}
