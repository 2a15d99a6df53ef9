/**
 * Property values as the engine sends them to a provider that accepts secrets and outputs: plain JSON with wrapped special
 * values. Signatures: pulumi/sdk/proto, "property values" (stable; state files hold them too).
 */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

interface Wrapped {
  [SIGNATURE]?: string;
  value?: unknown;
  /** Of an output value. */
  secret?: boolean;
}

/** The value without its wrappers. Unknown values (in previews) become `undefined`; ask `hasUnknown` first where that matters. */
export function unwrap(value: unknown): unknown {
  if (value === UNKNOWN) return undefined;
  if (Array.isArray(value)) return value.map(unwrap);
  if (typeof value !== "object" || value === null) return value;
  const signature = (value as Wrapped)[SIGNATURE];
  if (signature === SECRET || signature === OUTPUT) return unwrap((value as Wrapped).value);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unwrap(inner)]));
}

export function hasUnknown(value: unknown): boolean {
  if (value === UNKNOWN) return true;
  if (typeof value !== "object" || value === null) return false;
  if ((value as Wrapped)[SIGNATURE] === OUTPUT && !("value" in value)) return true;
  return Object.values(value).some(hasUnknown);
}

export function hasSecret(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { [SIGNATURE]: signature, secret } = value as Wrapped;
  return signature === SECRET || (signature === OUTPUT && secret === true) || Object.values(value).some(hasSecret);
}

/** Wrapped, so that the engine encrypts it in the state. */
export function asSecret(value: unknown): unknown {
  return { [SIGNATURE]: SECRET, value };
}

/** Equal as JSON, whatever the order of keys; wrappers do not count. */
export function sameValue(a: unknown, b: unknown): boolean {
  return canonical(unwrap(a)) === canonical(unwrap(b));
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([x], [y]) => (x < y ? -1 : 1)))
      : inner,
  );
}
