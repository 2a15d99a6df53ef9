import { MnoError } from "../../exports";
import { type Suite, suiteById, SUITES, statusAt } from "../../kernel/crypto/suite";
import type { KeyPurpose } from "./key";

/** What may protect something new. What was protected before can be opened whatever the policy says, so that it can move. */
export interface CryptoPolicy {
  minimumCategory: number;
  /** Suites; all where null. */
  allowed: ReadonlySet<string> | null;
  /** Dates that come before the catalogue's. */
  sunsets: ReadonlyMap<string, { deprecatedFrom?: string; forbiddenFrom?: string }>;
  /** Suites of new keys, and of those that retire what the policy no longer allows. */
  kem: string;
  signature: string;
}

export interface PolicyDecision {
  allowed: boolean;
  /** Every rule that spoke, for and against. */
  reasons: string[];
}

/** Suites of keys, by purpose: HPKE has no number for some KEMs. */
export function suitesFor(purpose: KeyPurpose): readonly string[] {
  if (purpose === "seal") return ["X-Wing", "ML-KEM-768", "ML-KEM-1024"];
  if (purpose === "mac") return ["HMAC-SHA512"];
  const kind = purpose === "encrypt" ? "kem" : "signature";
  return SUITES.filter((suite) => suite.kind === kind).map(({ id }) => id);
}

export function defaultSuite(policy: CryptoPolicy, purpose: KeyPurpose): string {
  if (purpose === "mac") return "HMAC-SHA512";
  return purpose === "sign" ? policy.signature : policy.kem;
}

/** Whether the suite may protect something new at the time (milliseconds since 1970), and why. */
export function mayProtect(policy: CryptoPolicy, id: string, at: number): PolicyDecision {
  const suite = suiteById(id);
  if (suite === undefined) return { allowed: false, reasons: [`${id} is no suite of the catalogue`] };
  const against: string[] = [];
  const others: string[] = [];
  if (suite.category < policy.minimumCategory) {
    const has = suite.category === 0 ? "is broken by a quantum computer" : `is of category ${suite.category}`;
    against.push(`${id} ${has}; the least is category ${policy.minimumCategory}`);
  } else {
    others.push(`category ${suite.category} is at least ${policy.minimumCategory}`);
  }
  if (policy.allowed !== null && !policy.allowed.has(id)) against.push(`${id} is not among the allowed suites`);
  const { deprecatedFrom, forbiddenFrom } = datesOf(policy, suite);
  const status = statusAt({ ...(deprecatedFrom && { deprecatedFrom }), ...(forbiddenFrom && { forbiddenFrom }) }, at);
  if (status === "forbidden") against.push(`${id} is forbidden from ${forbiddenFrom} on`);
  if (status === "deprecated") others.push(`${id} is deprecated from ${deprecatedFrom} on; it may still be used`);
  return { allowed: against.length === 0, reasons: [...against, ...others] };
}

/** The earlier of the catalogue's and the policy's dates. */
export function datesOf(
  policy: CryptoPolicy,
  suite: Suite,
): { deprecatedFrom?: string | undefined; forbiddenFrom?: string | undefined } {
  const own = policy.sunsets.get(suite.id);
  const earlier = (one?: string, other?: string): string | undefined =>
    one === undefined || (other !== undefined && Date.parse(other) < Date.parse(one)) ? other : one;
  return {
    deprecatedFrom: earlier(suite.deprecatedFrom, own?.deprecatedFrom),
    forbiddenFrom: earlier(suite.forbiddenFrom, own?.forbiddenFrom),
  };
}

/** Errors: MNO_CONFIG_INVALID, naming the key. */
export function policyFrom(config: {
  MNO_QC_MINIMUM_CATEGORY: number;
  MNO_QC_ALLOWED_SUITES: string;
  MNO_QC_SUNSETS: string;
  MNO_QC_KEM: string;
  MNO_QC_SIGNATURE: string;
}): CryptoPolicy {
  const known = (key: string, id: string): string => {
    if (suiteById(id) === undefined)
      throw new MnoError("MNO_CONFIG_INVALID", `${key}: "${id}" is no suite of the catalogue`);
    return id;
  };
  const listed = (text: string): string[] =>
    text
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "");
  const allowed = listed(config.MNO_QC_ALLOWED_SUITES).map((id) => known("MNO_QC_ALLOWED_SUITES", id));
  const sunsets = listed(config.MNO_QC_SUNSETS).map((entry) => {
    const [, id = "", deprecatedFrom, forbiddenFrom] =
      /^([^=]+)=(\d{4}-\d{2}-\d{2})?\/(\d{4}-\d{2}-\d{2})?$/.exec(entry) ?? [];
    if (id === "") {
      throw new MnoError(
        "MNO_CONFIG_INVALID",
        `MNO_QC_SUNSETS: "${entry}" must be suite=YYYY-MM-DD/YYYY-MM-DD, either date may be absent`,
      );
    }
    return [
      known("MNO_QC_SUNSETS", id),
      { ...(deprecatedFrom && { deprecatedFrom }), ...(forbiddenFrom && { forbiddenFrom }) },
    ] as const;
  });
  const ofPurpose = (key: "MNO_QC_KEM" | "MNO_QC_SIGNATURE", purpose: KeyPurpose): string => {
    const id = config[key];
    if (suitesFor(purpose).includes(id)) return id;
    throw new MnoError("MNO_CONFIG_INVALID", `${key}: "${id}" is none of ${suitesFor(purpose).join(", ")}`);
  };
  return {
    minimumCategory: config.MNO_QC_MINIMUM_CATEGORY,
    allowed: allowed.length === 0 ? null : new Set(allowed),
    sunsets: new Map(sunsets),
    kem: ofPurpose("MNO_QC_KEM", "seal"),
    signature: ofPurpose("MNO_QC_SIGNATURE", "sign"),
  };
}
