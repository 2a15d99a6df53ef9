import path from "node:path";
import { NATIVE } from "../../../runtime/kernel/crypto/native/provider";
import { NOBLE } from "../../../runtime/kernel/crypto/noble/provider";
import { runAcvp } from "./acvp";
import { runHybrids } from "./hybrids";
import type { VectorReport } from "./read";
import { runWycheproof } from "./wycheproof";

/** All vectors below the folder (`acvp`, `wycheproof`, `hybrids`), on both implementations. */
export function runVectors(folder: string): VectorReport[] {
  return [NATIVE, NOBLE].flatMap((provider) => [
    ...runAcvp(path.join(folder, "acvp"), provider),
    ...runWycheproof(path.join(folder, "wycheproof"), provider),
    ...runHybrids(path.join(folder, "hybrids"), provider),
  ]);
}
