import { diffieHellman, encapsulate, hkdfSync } from "node:crypto";
import { compositeOf } from "../composite";
import { orInvalid, requireSize } from "../faults";
import { NOBLE } from "../noble/provider";
import type { Kem, Provider, SignatureScheme } from "../provider";
import { NATIVE_KEY_WRAP, nativeAead } from "./ciphers";
import { type NominalGroup, P256_GROUP, P384_GROUP, X25519_GROUP } from "./group";
import { HybridKem, X_WING_LABEL } from "./hybrid-kem";
import { type MlKemSuite, NativeMlKem } from "./ml-kem";
import { NativeSignature, nativeForm } from "./signatures";

const ML_KEMS: readonly string[] = ["ML-KEM-512", "ML-KEM-768", "ML-KEM-1024"];
const HYBRIDS: Record<string, { mlKem: MlKemSuite; label: Buffer; group: NominalGroup }> = {
  "X-Wing": { mlKem: "ML-KEM-768", label: X_WING_LABEL, group: X25519_GROUP },
  "MLKEM768-P256": { mlKem: "ML-KEM-768", label: Buffer.from("MLKEM768-P256"), group: P256_GROUP },
  "MLKEM1024-P384": { mlKem: "ML-KEM-1024", label: Buffer.from("MLKEM1024-P384"), group: P384_GROUP },
};

/** Node.js before 24.7, or built with another OpenSSL, has no ML-KEM; a key import shows what there is. */
const HAS_ML_KEM =
  typeof encapsulate === "function" &&
  attempt(() => nativeMlKem("ML-KEM-768").decapsulationKey({ seed: Buffer.alloc(64) }));

/** node:crypto. A hybrid's Diffie-Hellman and hashes are the platform's in any case; its ML-KEM where there is one. */
export const NATIVE: Provider = {
  name: "native",
  kem: memoised((suite) => {
    if (ML_KEMS.includes(suite)) return HAS_ML_KEM ? nativeMlKem(suite) : undefined;
    const hybrid = HYBRIDS[suite];
    if (hybrid === undefined) return undefined;
    const derandomised = NOBLE.kem(hybrid.mlKem)!;
    const mlKem = HAS_ML_KEM ? nativeMlKem(hybrid.mlKem) : derandomised;
    return new HybridKem({ suite, label: hybrid.label, group: hybrid.group, mlKem, derandomised });
  }),
  signature: memoised(signatureOf),
  aead: memoised(nativeAead),
  keyWrap: () => NATIVE_KEY_WRAP,
  hkdf: (hash, secret, salt, info, length) =>
    orInvalid(`HKDF cannot give ${length} bytes`, () => Buffer.from(hkdfSync(hash, secret, salt, info, length))),
  x25519: (secretKey, publicKey) => {
    requireSize("A secret key of X25519", secretKey, 32);
    requireSize("A public key of X25519", publicKey, 32);
    return orInvalid("The public key of X25519 is of small order", () =>
      diffieHellman({ privateKey: X25519_GROUP.secretKey(secretKey), publicKey: X25519_GROUP.element(publicKey) }),
    );
  },
};

function nativeMlKem(suite: string): Kem {
  return new NativeMlKem(suite as MlKemSuite);
}

function signatureOf(suite: string): SignatureScheme | undefined {
  if (suite === "Ed25519+ML-DSA-65") {
    const [mlDsa, ed25519] = [NATIVE.signature("ML-DSA-65"), NATIVE.signature("Ed25519")];
    return mlDsa && ed25519 && compositeOf(mlDsa, ed25519);
  }
  const form = nativeForm(suite);
  if (form === undefined) return undefined;
  const scheme = new NativeSignature(suite, form);
  // The platform knows the algorithm where it makes a key of it; SLH-DSA keys cost up to a second, so zeros are imported.
  const material =
    form.seed === undefined ? { expanded: Buffer.alloc(form.expanded!) } : { seed: Buffer.alloc(form.seed) };
  return attempt(() => scheme.signingKey(material)) ? scheme : undefined;
}

function attempt(operation: () => unknown): boolean {
  try {
    operation();
    return true;
  } catch {
    return false;
  }
}

/** Finding out what the platform can do costs key imports: once for each suite, of which there are few. */
function memoised<T>(find: (suite: string) => T | undefined): (suite: string) => T | undefined {
  const found = new Map<string, T | undefined>();
  return (suite) => {
    if (!found.has(suite) && found.size < 64) found.set(suite, find(suite));
    return found.get(suite);
  };
}
