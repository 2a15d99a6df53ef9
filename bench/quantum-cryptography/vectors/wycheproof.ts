import path from "node:path";
import type { Kem, Provider, SignatureScheme } from "../../../runtime/kernel/crypto/provider";
import { bytes, filesOf, readJson, refuses, same, Tally } from "./read";
import { signsAs } from "./signing";

interface Test {
  tcId: number;
  comment?: string;
  result: "valid" | "invalid" | "acceptable";
  size?: number;
  [field: string]: unknown;
}
interface Group {
  type: string;
  parameterSet?: string;
  privateKey?: string;
  privateSeed?: string;
  publicKey?: string | { pk: string };
  tests: Test[];
}
interface WycheproofFile {
  algorithm: string;
  testGroups: Group[];
}

type Check = (group: Group, test: Test) => boolean;

/** Project Wycheproof's vectors, each file by the type of its groups. */
export function runWycheproof(folder: string, provider: Provider): Tally[] {
  return filesOf(folder, /_test\.json(\.gz)?$/).map((file) => {
    const { algorithm, testGroups } = readJson<WycheproofFile>(file);
    const tally = new Tally("wycheproof", path.basename(file).replace(/_test\.json(\.gz)?$/, ""), provider.name);
    for (const group of testGroups) {
      const check = checkOf(provider, algorithm, group);
      for (const test of group.tests) tally.vector(test.tcId, () => check(group, test));
    }
    return tally;
  });
}

function checkOf(provider: Provider, algorithm: string, group: Group): Check {
  switch (group.type) {
    case "MLKEMTest":
    case "MLKEMEncapsTest":
    case "MLKEMKeyGen":
    case "MLKEMDecapsValidationTest":
      return KEM_CHECKS[group.type].bind(undefined, provider.kem(group.parameterSet!)!);
    case "MlDsaSign":
      return signing.bind(undefined, provider.signature(algorithm)!);
    case "MlDsaVerify":
      return verifying.bind(undefined, provider.signature(algorithm)!);
    case "EddsaVerify":
      return verifying.bind(undefined, provider.signature("Ed25519")!);
    case "AeadTest":
      return (_, test) => aead(provider, algorithm, test);
    case "KeywrapTest":
      return (_, test) => keyWrap(provider, test);
    case "HkdfTest":
      return (_, test) => hkdf(provider, test);
    case "XdhComp":
      return (_, test) => x25519(provider, test);
    default:
      throw new Error(`No check for the Wycheproof type ${group.type}`);
  }
}

/** A valid case has to come out as stated, an invalid one has to be refused. */
const outcome = (test: Test, right: () => boolean): boolean => (test.result === "valid" ? right() : refuses(right));

const KEM_CHECKS = {
  MLKEMTest: (kem: Kem, _: Group, test: Test) =>
    outcome(test, () => {
      const key = kem.decapsulationKey({ seed: hex(test, "seed") });
      return same(key.publicKey, text(test, "ek")) && same(key.decapsulate(hex(test, "c")), text(test, "K"));
    }),
  MLKEMEncapsTest: (kem: Kem, _: Group, test: Test) =>
    outcome(test, () => {
      const { ciphertext, sharedSecret } = kem.encapsulationKey(hex(test, "ek")).encapsulate(hex(test, "m"));
      return same(ciphertext, text(test, "c")) && same(sharedSecret, text(test, "K"));
    }),
  MLKEMKeyGen: (kem: Kem, _: Group, test: Test) =>
    outcome(test, () => {
      const key = kem.decapsulationKey({ seed: hex(test, "seed") });
      return same(key.publicKey, text(test, "ek")) && same(key.expanded(), text(test, "dk"));
    }),
  MLKEMDecapsValidationTest: (kem: Kem, _: Group, test: Test) =>
    outcome(test, () => {
      const key = kem.decapsulationKey({ expanded: hex(test, "dk") });
      return same(key.publicKey, text(test, "ek")) && same(key.decapsulate(hex(test, "c")), text(test, "K"));
    }),
};

function signing(scheme: SignatureScheme, group: Group, test: Test): boolean {
  return outcome(test, () => {
    const { privateSeed, privateKey } = group;
    const key = scheme.signingKey(
      privateSeed === undefined ? { expanded: bytes(privateKey!) } : { seed: bytes(privateSeed) },
    );
    const entropy = test.rnd === undefined ? false : hex(test, "rnd");
    const [message, encoding] =
      test.msg === undefined ? ([hex(test, "mu"), "mu"] as const) : ([hex(test, "msg"), "pure"] as const);
    const context = test.ctx === undefined ? undefined : hex(test, "ctx");
    return signsAs(scheme, key, message, { entropy, encoding, context }, text(test, "sig"));
  });
}

function verifying(scheme: SignatureScheme, group: Group, test: Test): boolean {
  const publicKey = typeof group.publicKey === "string" ? group.publicKey : group.publicKey!.pk;
  const verifies = (): boolean =>
    scheme
      .verifyingKey(bytes(publicKey))
      .verify(hex(test, "msg"), hex(test, "sig"), test.ctx === undefined ? {} : { context: hex(test, "ctx") });
  if (test.result === "valid") return verifies();
  let accepted = false;
  return refuses(() => (accepted = verifies())) || !accepted;
}

const AEADS: Record<string, (keySize: number) => string> = {
  "AES-GCM": (keySize) => `A${keySize * 8}GCM`,
  "CHACHA20-POLY1305": () => "ChaCha20-Poly1305",
};

function aead(provider: Provider, algorithm: string, test: Test): boolean {
  const key = hex(test, "key");
  const cipher = provider.aead(AEADS[algorithm]!(key.length))!;
  const sealed = text(test, "ct") + text(test, "tag");
  const [nonce, associated] = [hex(test, "iv"), hex(test, "aad")];
  return outcome(test, () => {
    const opened = cipher.open(key, nonce, bytes(sealed), associated);
    return same(opened, text(test, "msg")) && same(cipher.seal(key, nonce, hex(test, "msg"), associated), sealed);
  });
}

function keyWrap(provider: Provider, test: Test): boolean {
  const wrap = provider.keyWrap()!;
  return outcome(test, () => {
    const opened = wrap.unwrap(hex(test, "key"), hex(test, "ct"));
    return same(opened, text(test, "msg")) && same(wrap.wrap(hex(test, "key"), hex(test, "msg")), text(test, "ct"));
  });
}

function hkdf(provider: Provider, test: Test): boolean {
  const derive = (): Uint8Array =>
    provider.hkdf("sha256", hex(test, "ikm"), hex(test, "salt"), hex(test, "info"), test.size!);
  return outcome(test, () => same(derive(), text(test, "okm")));
}

/** "Acceptable" here are public keys that implementations may refuse; a result, where there is one, has to be right. */
function x25519(provider: Provider, test: Test): boolean {
  const right = (): boolean => same(provider.x25519(hex(test, "private"), hex(test, "public")), text(test, "shared"));
  if (test.result === "valid") return right();
  let equal = true;
  return refuses(() => (equal = right())) || equal;
}

const text = (test: Test, field: string): string => test[field] as string;
const hex = (test: Test, field: string): Buffer => bytes(text(test, field));
