import { type Suite, SUITES, statusAt } from "../../kernel/crypto/suite";
import type { KeyPurpose } from "./key";
import { type CryptoPolicy, datesOf, mayProtect } from "./policy";

export interface SuiteUse {
  suite: string;
  purpose: KeyPurpose;
  /** Keys whose current version has the suite. */
  current: number;
  /** Versions, earlier ones included. */
  versions: number;
}

const PRIMITIVES: Record<Suite["kind"], string> = {
  kem: "kem",
  signature: "signature",
  aead: "ae",
  hpke: "combiner",
  "key-wrap": "ae",
  mac: "mac",
};
const FUNCTIONS: Record<KeyPurpose, string[]> = {
  encrypt: ["keygen", "encapsulate", "decapsulate"],
  seal: ["keygen", "encapsulate", "decapsulate", "encrypt", "decrypt"],
  sign: ["keygen", "sign", "verify"],
  mac: ["keygen", "tag"],
};

/** What still uses which suite, as a CycloneDX 1.6 cryptography bill of materials: the report that retirement goes by. */
export function cbom(
  uses: readonly SuiteUse[],
  envelopes: readonly { suite: string; envelopes: number }[],
  policy: CryptoPolicy,
  now: number,
  serial: string,
): object {
  const registered = new Map(envelopes.map((each) => [each.suite, each.envelopes]));
  const components = SUITES.flatMap((suite) => {
    const found = uses.filter((use) => use.suite === suite.id);
    return found.length === 0 ? [] : [component(suite, found, registered.get(suite.id) ?? 0, policy, now)];
  });
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${serial}`,
    version: 1,
    metadata: {
      timestamp: new Date(now).toISOString(),
      component: { type: "application", name: "quantum-cryptography", "bom-ref": "quantum-cryptography" },
    },
    components,
  };
}

function component(
  suite: Suite,
  uses: readonly SuiteUse[],
  envelopes: number,
  policy: CryptoPolicy,
  now: number,
): object {
  const dates = datesOf(policy, suite);
  const { allowed, reasons } = mayProtect(policy, suite.id, now);
  const sum = (member: "current" | "versions"): number => uses.reduce((total, use) => total + use[member], 0);
  const properties: Record<string, string | number | undefined> = {
    "mno:status": statusAt(
      {
        ...(dates.deprecatedFrom && { deprecatedFrom: dates.deprecatedFrom }),
        ...(dates.forbiddenFrom && { forbiddenFrom: dates.forbiddenFrom }),
      },
      now,
    ),
    "mno:deprecated-from": dates.deprecatedFrom,
    "mno:forbidden-from": dates.forbiddenFrom,
    "mno:policy": allowed ? "allowed" : reasons[0],
    "mno:keys-current": sum("current"),
    "mno:key-versions": sum("versions"),
    "mno:registered-envelopes": envelopes,
  };
  return {
    type: "cryptographic-asset",
    name: suite.id,
    "bom-ref": `suite:${suite.id}`,
    cryptoProperties: {
      assetType: "algorithm",
      algorithmProperties: {
        primitive: PRIMITIVES[suite.kind],
        parameterSetIdentifier: suite.id,
        executionEnvironment: "software-plain-ram",
        cryptoFunctions: [...new Set(uses.flatMap(({ purpose }) => FUNCTIONS[purpose]))],
        nistQuantumSecurityLevel: suite.category,
      },
      ...(suite.oid !== undefined && { oid: suite.oid }),
    },
    properties: Object.entries(properties).flatMap(([name, value]) =>
      value === undefined ? [] : [{ name, value: String(value) }],
    ),
  };
}
