import { MnoError } from "../../../exports";

const MOST_CHARACTERS = 2048;
const SPIFFE = /^spiffe:\/\/([a-z0-9._-]{1,255})((?:\/[A-Za-z0-9._-]+)+)$/;

/** The trust domain of a SPIFFE id (SPIFFE-ID, section 2), or undefined for what is none. */
export function trustDomainOf(id: string): string | undefined {
  if (id.length > MOST_CHARACTERS) return undefined;
  const [, domain, path] = SPIFFE.exec(id) ?? [];
  return path?.split("/").some((segment) => segment === "." || segment === "..") ? undefined : domain;
}

/** Errors: MNO_IDENTITY_UNTRUSTED, where its trust domain is not one of these. */
export function checkTrustDomain(id: string, trusted: readonly string[]): void {
  const domain = trustDomainOf(id);
  if (domain !== undefined && trusted.includes(domain)) return;
  const which =
    domain === undefined ? "The workload's id is not a SPIFFE id" : `The trust domain ${domain} is not trusted`;
  throw new MnoError("MNO_IDENTITY_UNTRUSTED", `${which}; MNO_ZTG_TRUST_DOMAINS names those that are`);
}
