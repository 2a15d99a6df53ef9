/** A value read from the server's environment, `$NAME` in its configuration. */
export class Variable {
  constructor(readonly name: string) {}
}

export type NatsValue = string | number | boolean | Variable | readonly NatsValue[] | NatsBlock;
export interface NatsBlock {
  readonly [key: string]: NatsValue | undefined;
}

/** The text of a nats-server configuration file; what is undefined is left out. */
export function natsText(block: NatsBlock): string {
  return `${entries(block, "").join("\n")}\n`;
}

function entries(block: NatsBlock, indent: string): string[] {
  return Object.entries(block).flatMap(([key, value]) =>
    value === undefined ? [] : [`${indent}${quoteKey(key)}: ${text(value, indent)}`],
  );
}

function text(value: NatsValue, indent: string): string {
  if (value instanceof Variable) return `$${value.name}`;
  if (typeof value === "string") return quote(value);
  if (typeof value !== "object") return String(value);
  const inner = `${indent}  `;
  if (isList(value))
    return value.length === 0 ? "[]" : `[\n${value.map((each) => inner + text(each, inner)).join("\n")}\n${indent}]`;
  return `{\n${entries(value, inner).join("\n")}\n${indent}}`;
}

function isList(value: NatsBlock | readonly NatsValue[]): value is readonly NatsValue[] {
  return Array.isArray(value);
}

/** Quoted always: unquoted, `$`, digits and words such as `off` mean something. */
function quote(value: string): string {
  const escaped = value.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n").replace(/\r/g, "\\r").replace(/\t/g, "\\t");
  return `"${escaped}"`;
}

function quoteKey(key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(key) ? key : quote(key);
}
