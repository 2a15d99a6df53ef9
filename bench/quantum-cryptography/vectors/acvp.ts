import path from "node:path";
import type { Kem, MessageEncoding, Provider, SignatureScheme } from "../../../runtime/kernel/crypto/provider";
import { bytes, filesOf, readJson, refuses, same, Tally } from "./read";
import { signsAs } from "./signing";

/** Fields of all ACVP modes here, hexadecimal; a group has those of its function. */
interface AcvpTest {
  tcId: number;
  [field: string]: string | number | boolean | undefined;
}
interface AcvpGroup {
  tgId: number;
  parameterSet: string;
  function?: string;
  deterministic?: boolean;
  signatureInterface?: string;
  externalMu?: boolean;
  preHash?: string;
  tests: AcvpTest[];
}
interface AcvpFile {
  algorithm: string;
  mode: string;
  testGroups: AcvpGroup[];
}

type Check = (group: AcvpGroup, test: AcvpTest, expected: AcvpTest) => boolean;

/** NIST's ACVP vectors: `<folder>/<algorithm-mode>/prompt.json(.gz)`, with `expectedResults` beside it. */
export function runAcvp(folder: string, provider: Provider): Tally[] {
  return filesOf(folder, /^prompt\.json(\.gz)?$/).map((file) => {
    const prompt = readJson<AcvpFile>(file);
    const results = readJson<AcvpFile>(
      path.join(path.dirname(file), path.basename(file).replace("prompt", "expectedResults")),
    );
    const expected = new Map(results.testGroups.flatMap(({ tests }) => tests.map((test) => [test.tcId, test])));
    const tally = new Tally("acvp", path.basename(path.dirname(file)), provider.name);
    const check = checkOf(provider, prompt);
    for (const group of prompt.testGroups) {
      for (const test of group.tests) tally.vector(test.tcId, () => check(group, test, expected.get(test.tcId)!));
    }
    return tally;
  });
}

function checkOf(provider: Provider, { algorithm, mode }: AcvpFile): Check {
  const kem = (group: AcvpGroup): Kem => provider.kem(group.parameterSet)!;
  const scheme = (group: AcvpGroup): SignatureScheme => provider.signature(group.parameterSet)!;
  switch (`${algorithm} ${mode}`) {
    case "ML-KEM keyGen":
      return (group, test, expected) => {
        const key = kem(group).decapsulationKey({ seed: hex(test, "d", "z") });
        return same(key.publicKey, text(expected, "ek")) && same(key.expanded(), text(expected, "dk"));
      };
    case "ML-KEM encapDecap":
      return (group, test, expected) => encapsulation(kem(group), group, test, expected);
    case "ML-DSA keyGen":
      return (group, test, expected) => {
        const key = scheme(group).signingKey({ seed: hex(test, "seed") });
        return same(key.publicKey, text(expected, "pk")) && same(key.expanded(), text(expected, "sk"));
      };
    case "ML-DSA sigGen":
      return (group, test, expected) => {
        const key = scheme(group).signingKey({ expanded: hex(test, "sk") });
        const entropy = group.deterministic ? false : hex(test, "rnd");
        const options = { ...optionsOf(group, test), entropy } as const;
        return signsAs(scheme(group), key, messageOf(test), options, text(expected, "signature"));
      };
    case "ML-DSA sigVer":
      return (group, test, expected) => {
        const key = scheme(group).verifyingKey(hex(test, "pk"));
        return key.verify(messageOf(test), hex(test, "signature"), optionsOf(group, test)) === expected.testPassed;
      };
    case "SLH-DSA keyGen":
      return (group, test, expected) => slhKey(scheme(group), test, expected);
    default:
      throw new Error(`No check for the ACVP mode ${algorithm} ${mode}`);
  }
}

function encapsulation(kem: Kem, group: AcvpGroup, test: AcvpTest, expected: AcvpTest): boolean {
  switch (group.function ?? "") {
    case "encapsulation": {
      const { ciphertext, sharedSecret } = kem.encapsulationKey(hex(test, "ek")).encapsulate(hex(test, "m"));
      return same(ciphertext, text(expected, "c")) && same(sharedSecret, text(expected, "k"));
    }
    case "decapsulation":
      return same(kem.decapsulationKey({ expanded: hex(test, "dk") }).decapsulate(hex(test, "c")), text(expected, "k"));
    case "decapsulationKeyCheck":
      return refuses(() => kem.decapsulationKey({ expanded: hex(test, "dk") })) !== expected.testPassed;
    case "encapsulationKeyCheck":
      return refuses(() => kem.encapsulationKey(hex(test, "ek"))) !== expected.testPassed;
    default:
      throw new Error(`No check for the ACVP function ${group.function}`);
  }
}

/** The platform takes SLH-DSA keys expanded only: there, the key's public part and a signature of it are checked. */
function slhKey(scheme: SignatureScheme, test: AcvpTest, expected: AcvpTest): boolean {
  if (scheme.implementation === "native") {
    const key = scheme.signingKey({ expanded: hex(expected, "sk") });
    return same(key.publicKey, text(expected, "pk")) && signsAs(scheme, key, bytes("6d6e6f"), {}, "");
  }
  const key = scheme.signingKey({ seed: hex(test, "skSeed", "skPrf", "pkSeed") });
  return same(key.publicKey, text(expected, "pk")) && same(key.expanded(), text(expected, "sk"));
}

function optionsOf(group: AcvpGroup, test: AcvpTest): { context?: Buffer; encoding: MessageEncoding } {
  if (group.signatureInterface === "internal") return { encoding: group.externalMu ? "mu" : "internal" };
  const encoding: MessageEncoding = group.preHash === "preHash" ? { preHash: text(test, "hashAlg") } : "pure";
  return { context: hex(test, "context"), encoding };
}

const messageOf = (test: AcvpTest): Buffer => hex(test, test.mu === undefined ? "message" : "mu");
const text = (test: AcvpTest, field: string): string => test[field] as string;
const hex = (test: AcvpTest, ...fields: string[]): Buffer =>
  Buffer.concat(fields.map((field) => bytes(text(test, field))));
