import type { JWTPayload } from "jose";
import type { EntityRef } from "../contracts";
import type { Assurance } from "../sessions/session";
import type { Issuer } from "./issuer-schema";

const MOST_PARENTS = 200;
const MOST_CHARACTERS = 256;

/** Users as the rest of the gateway knows them. */
export interface Person {
  readonly userId: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly parents: readonly EntityRef[];
  readonly assurance: Assurance;
}

/** A claim by its path; own members only, so that `__proto__` and `constructor` lead nowhere. */
export function claimAt(payload: JWTPayload, path: string): unknown {
  // Names with dots in them, such as URLs, are claims of their own.
  if (Object.hasOwn(payload, path)) return payload[path];
  let value: unknown = payload;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/** What the issuer's claims mean; undefined where the claim that identifies the user is absent or too long. */
export function personOf(payload: JWTPayload, issuer: Issuer): Person | undefined {
  const id = claimAt(payload, issuer.idClaim);
  if (typeof id !== "string" || id === "" || id.length > MOST_CHARACTERS) return undefined;
  return {
    userId: userIdOf(id, issuer.prefix),
    attributes: attributesOf(payload, issuer),
    parents: Object.entries(issuer.parents).flatMap(([type, claim]) =>
      textsIn(claimAt(payload, claim)).map((parent) => ({ type, id: parent })),
    ),
    assurance: assuranceOf(payload, issuer),
  };
}

/** Only what is mapped, so that an issuer cannot add attributes that a policy trusts. */
export function attributesOf(payload: JWTPayload, issuer: Issuer): Record<string, unknown> {
  const attributes = Object.entries(issuer.attributes).map(([name, claim]) => [name, claimAt(payload, claim)] as const);
  return Object.fromEntries(attributes.filter(([, value]) => value !== undefined && value !== null));
}

/** "|" is in no prefix: no two sources' users come to the same id. */
export function userIdOf(id: string, prefix: string | undefined): string {
  return prefix === undefined ? id : `${prefix}|${id}`;
}

function assuranceOf(payload: JWTPayload, { mfaValues, phishingResistantValues }: Issuer): Assurance {
  const said = [...textsIn(payload.acr), ...textsIn(payload.amr)];
  if (said.some((value) => phishingResistantValues.includes(value))) return "phishing-resistant";
  return said.some((value) => mfaValues.includes(value)) ? "mfa" : "password";
}

/** A text, or a list of them; what is neither is left out. */
function textsIn(claim: unknown): string[] {
  const values: unknown[] = Array.isArray(claim) ? claim.slice(0, MOST_PARENTS) : [claim];
  return values.filter(
    (value) => typeof value === "string" && value !== "" && value.length <= MOST_CHARACTERS,
  ) as string[];
}
