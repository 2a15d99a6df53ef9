/**
 * The catalogue of algorithms, each with what crypto-agility needs to know of it (NIST CSWP 39): a stable id that
 * ciphertexts and signatures carry, its NIST security category, the standard, and the dates from which it is deprecated and
 * forbidden. Dates of classical algorithms are those of NIST IR 8547; a policy may set earlier ones.
 */

export type SuiteKind = "kem" | "signature" | "aead" | "hpke" | "key-wrap" | "mac";
export type SuiteStatus = "allowed" | "deprecated" | "forbidden";

export interface Suite {
  /** Stable; what is stored and sent. */
  id: string;
  /** Stable number of the binary formats. Never used twice. */
  code: number;
  kind: SuiteKind;
  /** NIST security category against a quantum computer, 1 to 5; 0 where one breaks it. */
  category: 0 | 1 | 2 | 3 | 5;
  standard: string;
  /** RFC 3339 dates. From then on nothing new should be, or may be, protected with it; what there is can still be read. */
  deprecatedFrom?: string;
  forbiddenFrom?: string;
  /** Dotted object identifier, where one is assigned. */
  oid?: string;
}

const CLASSICAL = { category: 0, deprecatedFrom: "2030-01-01", forbiddenFrom: "2035-01-01" } as const;
/** Of drafts that were superseded: kept, so that their published vectors go on to be checked, for no new use. */
const SUPERSEDED = { deprecatedFrom: "2025-01-01", forbiddenFrom: "2025-01-01" } as const;
const KEM_ARC = "2.16.840.1.101.3.4.4";
const SIGNATURE_ARC = "2.16.840.1.101.3.4.3";

const kem = { kind: "kem" } as const;
const signature = { kind: "signature" } as const;
const aead = { kind: "aead" } as const;

const SLH_SETS = [
  "SHA2-128s",
  "SHA2-128f",
  "SHA2-192s",
  "SHA2-192f",
  "SHA2-256s",
  "SHA2-256f",
  "SHAKE-128s",
  "SHAKE-128f",
  "SHAKE-192s",
  "SHAKE-192f",
  "SHAKE-256s",
  "SHAKE-256f",
] as const;
const SLH_CATEGORY = { "128": 1, "192": 3, "256": 5 } as const;

export const SUITES: readonly Suite[] = [
  { id: "ML-KEM-512", code: 0x01, ...kem, category: 1, standard: "FIPS 203", oid: `${KEM_ARC}.1` },
  { id: "ML-KEM-768", code: 0x02, ...kem, category: 3, standard: "FIPS 203", oid: `${KEM_ARC}.2` },
  { id: "ML-KEM-1024", code: 0x03, ...kem, category: 5, standard: "FIPS 203", oid: `${KEM_ARC}.3` },
  {
    id: "X-Wing",
    code: 0x04,
    ...kem,
    category: 3,
    standard: "draft-connolly-cfrg-xwing-kem-10",
    oid: "1.3.6.1.4.1.62253.25722",
  },
  { id: "MLKEM768-P256", code: 0x05, ...kem, category: 3, standard: "draft-irtf-cfrg-concrete-hybrid-kems" },
  { id: "MLKEM1024-P384", code: 0x06, ...kem, category: 5, standard: "draft-irtf-cfrg-concrete-hybrid-kems" },
  { id: "QSF-ML-KEM-768-P-256", code: 0x07, ...kem, category: 3, standard: "superseded draft", ...SUPERSEDED },
  { id: "QSF-ML-KEM-1024-P-384", code: 0x08, ...kem, category: 5, standard: "superseded draft", ...SUPERSEDED },
  { id: "KitchenSink-ML-KEM-768-X25519", code: 0x09, ...kem, category: 3, standard: "superseded draft", ...SUPERSEDED },
  { id: "ML-DSA-44", code: 0x41, ...signature, category: 2, standard: "FIPS 204", oid: `${SIGNATURE_ARC}.17` },
  { id: "ML-DSA-65", code: 0x42, ...signature, category: 3, standard: "FIPS 204", oid: `${SIGNATURE_ARC}.18` },
  { id: "ML-DSA-87", code: 0x43, ...signature, category: 5, standard: "FIPS 204", oid: `${SIGNATURE_ARC}.19` },
  { id: "Ed25519", code: 0x44, ...signature, ...CLASSICAL, standard: "RFC 8032", oid: "1.3.101.112" },
  {
    id: "Ed25519+ML-DSA-65",
    code: 0x45,
    ...signature,
    category: 3,
    standard: "draft-ietf-lamps-pq-composite-sigs-19, id-MLDSA65-Ed25519-SHA512",
    oid: "1.3.6.1.5.5.7.6.48",
  },
  ...SLH_SETS.map((set, index): Suite => ({
    id: `SLH-DSA-${set}`,
    code: 0x50 + index,
    ...signature,
    category: SLH_CATEGORY[/\d+/.exec(set.split("-")[1]!)![0] as keyof typeof SLH_CATEGORY],
    standard: "FIPS 205",
    oid: `${SIGNATURE_ARC}.${20 + index}`,
  })),
  { id: "A128GCM", code: 0x81, ...aead, category: 1, standard: "SP 800-38D", oid: "2.16.840.1.101.3.4.1.6" },
  { id: "A192GCM", code: 0x82, ...aead, category: 3, standard: "SP 800-38D", oid: "2.16.840.1.101.3.4.1.26" },
  { id: "A256GCM", code: 0x83, ...aead, category: 5, standard: "SP 800-38D", oid: "2.16.840.1.101.3.4.1.46" },
  { id: "ChaCha20-Poly1305", code: 0x84, ...aead, category: 5, standard: "RFC 8439" },
  { id: "HMAC-SHA512", code: 0xb1, kind: "mac", category: 5, standard: "FIPS 198-1", oid: "1.2.840.113549.2.11" },
  { id: "AES-KWP", code: 0x91, kind: "key-wrap", category: 5, standard: "SP 800-38F, RFC 5649" },
  { id: "HPKE-X-Wing-SHA256-A256GCM", code: 0xa1, kind: "hpke", category: 3, standard: "RFC 9180, KEM 0x647a" },
  { id: "HPKE-ML-KEM-768-SHA256-A256GCM", code: 0xa2, kind: "hpke", category: 3, standard: "RFC 9180, KEM 0x0041" },
  { id: "HPKE-ML-KEM-1024-SHA256-A256GCM", code: 0xa3, kind: "hpke", category: 5, standard: "RFC 9180, KEM 0x0042" },
];

const BY_ID = new Map(SUITES.map((suite) => [suite.id, suite]));
const BY_CODE = new Map(SUITES.map((suite) => [suite.code, suite]));

export function suiteById(id: string): Suite | undefined {
  return BY_ID.get(id);
}

export function suiteByCode(code: number): Suite | undefined {
  return BY_CODE.get(code);
}

/** What the catalogue says of the suite at a time (milliseconds since 1970). */
export function statusAt(suite: Pick<Suite, "deprecatedFrom" | "forbiddenFrom">, at: number): SuiteStatus {
  if (suite.forbiddenFrom !== undefined && at >= Date.parse(suite.forbiddenFrom)) return "forbidden";
  if (suite.deprecatedFrom !== undefined && at >= Date.parse(suite.deprecatedFrom)) return "deprecated";
  return "allowed";
}
