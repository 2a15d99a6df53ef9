import { type FieldFault, MnoError } from "../../../exports";
import type { Clock } from "../../../kernel/clock";
import type { TrustedTransmitter } from "../signals/security-event-tokens";
import type { Transmitter } from "../signals/transmitter-schema";
import type { TrustedIssuer } from "./access-tokens";
import type { IdentityConfiguration } from "./configuration";
import type { Discovery } from "./discovery";
import type { FetchJson } from "./http-json";
import type { Issuer } from "./issuer-schema";
import { KeySet } from "./key-sets";

/** Prefix of built-in users where there are issuers too. */
export const DIRECTORY_PREFIX = "local";

/** What schemas cannot say about the sources of users. Errors: MNO_CONFIG_INVALID with all faults at once. */
export function checkIssuers(config: IdentityConfiguration, loopback: boolean): void {
  const faults: FieldFault[] = [];
  const fault = (field: string, message: string): void => void faults.push({ field, message });
  const { MNO_ZTG_ISSUERS: issuers, MNO_ZTG_USERS: users, MNO_ZTG_USERS_ANYWHERE: anywhere } = config;
  const hasUsers = Object.keys(users).length > 0;
  if (hasUsers && !loopback && !anywhere) {
    fault("MNO_ZTG_USERS", "the gateway is not on loopback: use an issuer, or set MNO_ZTG_USERS_ANYWHERE to true");
  }
  const prefixes = new Set<string | undefined>(hasUsers && issuers.length > 0 ? [DIRECTORY_PREFIX] : []);
  const names = new Set<string>();
  issuers.forEach(({ issuer, prefix }, index) => {
    const field = `MNO_ZTG_ISSUERS/${index}`;
    if (names.has(issuer)) fault(`${field}/issuer`, "is there twice");
    names.add(issuer);
    if (issuers.length + (hasUsers ? 1 : 0) === 1) return;
    if (prefix === undefined) fault(`${field}/prefix`, "is required: there is more than one source of users");
    else if (prefixes.has(prefix)) fault(`${field}/prefix`, `"${prefix}" is another source's`);
    prefixes.add(prefix);
  });
  const transmitters = config.MNO_ZTG_TRANSMITTERS.map(({ issuer }) => issuer);
  if (new Set(transmitters).size < transmitters.length) fault("MNO_ZTG_TRANSMITTERS", "has an issuer twice");
  for (const url of config.MNO_ZTG_PUBLIC_URLS) {
    if (!URL.canParse(url) || new URL(url).origin !== url.replace(/\/$/, "")) {
      fault("MNO_ZTG_PUBLIC_URLS", "must be origins: scheme, host and port, without a path");
    }
  }
  if (faults.length === 0) return;
  throw new MnoError("MNO_CONFIG_INVALID", faults.map(({ field, message }) => `${field}: ${message}`).join("; "), {
    faults,
  });
}

export function trustedIssuer(issuer: Issuer, discovery: Discovery, fetchJson: FetchJson, clock: Clock): TrustedIssuer {
  const { jwksUri } = issuer;
  const uri = async (): Promise<string> =>
    jwksUri ?? (await discovery.metadata(issuer.issuer, "openid-configuration")).jwks_uri;
  return { issuer, keys: new KeySet({ issuer: issuer.issuer, uri, fetchJson, clock }) };
}

export function trustedTransmitter(
  transmitter: Transmitter,
  discovery: Discovery,
  fetchJson: FetchJson,
  clock: Clock,
): TrustedTransmitter {
  const { jwksUri } = transmitter;
  const uri = async (): Promise<string> =>
    jwksUri ?? (await discovery.metadata(transmitter.issuer, "ssf-configuration")).jwks_uri;
  return { transmitter, keys: new KeySet({ issuer: transmitter.issuer, uri, fetchJson, clock }) };
}
