/** Telling a secret from a setting, by its name or by its value. Heuristics: documented, configurable, and never printing the value. */

const SECRET_WORD =
  /(^|_)(PASSWORDS?|PASSWD|PASSPHRASE|PWD|SECRETS?|TOKEN|CREDENTIALS?|(API|ACCESS|PRIVATE|SIGNING|ENCRYPTION|MASTER|AUTH)_?KEY)$/;
/** Words after which a secret-like name holds a place or a property of the secret, not the secret: TOKEN_FILE, PASSWORD_MIN_LENGTH. */
const ABOUT_A_SECRET =
  /_(FILE|PATH|DIR|NAME|REF|ID|TTL|SECONDS|MINUTES|EXPIRY|LENGTH|COUNT|LIMIT|ISSUER|AUDIENCE|TYPE|ALGORITHM|ENDPOINT|HEADER|REQUIRED|ENABLED)$/;
const SECRET_PART = /(^|_)(PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY)(_|$)/;
/** Names whose long hexadecimal values are public by nature. */
const PUBLIC_HEX = /(COMMIT|SHA|DIGEST|CHECKSUM|HASH|REVISION|FINGERPRINT|TRACE|PUBLIC)/;

const TOKEN_FORMATS: readonly [what: string, pattern: RegExp][] = [
  ["an AWS access key", /\b(AKIA|ASIA)[0-9A-Z]{16}\b/],
  ["a GitHub token", /\b(gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})/],
  ["a GitLab token", /\bglpat-[A-Za-z0-9_-]{20,}/],
  ["a Slack token", /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/],
  ["a Stripe key", /\b[rs]k_live_[A-Za-z0-9]{16,}/],
  ["a Google API key", /\bAIza[0-9A-Za-z_-]{35}\b/],
  ["an npm token", /\bnpm_[A-Za-z0-9]{36}\b/],
  ["a Pulumi access token", /\bpul-[0-9a-f]{40}\b/],
  ["a JSON Web Token", /\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+/],
  ["a private key", /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ["a URL with a password", /\b[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/i],
];

/** Why this variable looks like a secret; undefined when it does not. The reason never contains the value. */
export function secretReason(name: string, value: string): string | undefined {
  if (value === "") return undefined;
  const constant = toConstantCase(name);
  if (SECRET_WORD.test(constant) || (SECRET_PART.test(constant) && !ABOUT_A_SECRET.test(constant))) {
    return "its name says that it is a secret";
  }
  return tokenReason(value) ?? entropyReason(constant, value);
}

/** The known token format that occurs in the text; undefined when none does. */
export function tokenReason(text: string): string | undefined {
  const format = TOKEN_FORMATS.find(([, pattern]) => pattern.test(text));
  return format && `its value contains ${format[0]}`;
}

function entropyReason(name: string, value: string): string | undefined {
  const reason = "its value has the entropy of a generated key";
  if (/^[0-9a-f]{32,}$/i.test(value)) {
    return !PUBLIC_HEX.test(name) && shannonBits(value) >= 3 ? reason : undefined;
  }
  // base64 and its relatives: one unbroken run with all of upper case, lower case and digits; paths and names are not.
  const looksGenerated =
    /^[A-Za-z0-9+/_=-]{24,}$/.test(value) && /[a-z]/.test(value) && /[A-Z]/.test(value) && /[0-9]/.test(value);
  return looksGenerated && !value.startsWith("/") && !PUBLIC_HEX.test(name) && shannonBits(value) >= 4
    ? reason
    : undefined;
}

/** Shannon entropy in bits per character. */
function shannonBits(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((bits, count) => bits - (count / text.length) * Math.log2(count / text.length), 0);
}

function toConstantCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/[^A-Za-z0-9]+/g, "_")
    .toUpperCase();
}
