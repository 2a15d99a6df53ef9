import type * as Cedar from "@cedar-policy/cedar-wasm/nodejs";
import { MnoError } from "../../../exports";

export type { DetailedError, EntityJson, PolicyJson, PolicySet, SchemaJson } from "@cedar-policy/cedar-wasm/nodejs";

type Wasm = typeof Cedar;

let wasm: Wasm | undefined;

/**
 * Calls cedar-wasm. A fault inside it (its stack ran over) leaves its memory in pieces: the instance is thrown away, the next
 * call gets another, and this one is refused with MNO_POLICY_INVALID.
 */
export function cedar<T>(call: (wasm: Wasm) => T): T {
  wasm ??= load();
  try {
    return call(wasm);
  } catch (error) {
    wasm = undefined;
    throw new MnoError("MNO_POLICY_INVALID", "Cedar could not take it in: it is nested too deeply, or too large", {
      cause: error,
    });
  }
}

function load(): Wasm {
  // The module keeps one instance; without this, the broken one would come back.
  delete require.cache[require.resolve("@cedar-policy/cedar-wasm/nodejs")];
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import cannot be repeated
  return require("@cedar-policy/cedar-wasm/nodejs") as Wasm;
}
