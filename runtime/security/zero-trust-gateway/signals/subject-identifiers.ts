import { userIdOf } from "../identity/claims";
import type { Issuer } from "../identity/issuer-schema";
import type { SessionSelector } from "../sessions/store";
import type { Transmitter } from "./transmitter-schema";

/** Whom a signal is about, in our terms; all that is known of it. */
export interface SignalSubject {
  readonly userId?: string;
  readonly issuer?: Issuer;
  readonly sessions?: SessionSelector;
  readonly device?: string;
}

type Json = Readonly<Record<string, unknown>>;

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" && value.length <= 512 ? value : undefined;
}

/**
 * Reads a subject identifier (RFC 9493): `iss_sub`, `email` and `opaque`, and SSF's `complex` of user, session and device. A
 * transmitter speaks of its own users and of those of the issuers it speaks for; of others it is not believed. undefined:
 * nobody that is known here.
 */
export function subjectOf(
  subject: unknown,
  transmitter: Transmitter,
  issuers: readonly Issuer[],
): SignalSubject | undefined {
  const within = issuers.filter(({ issuer }) => (transmitter.speaksFor ?? [transmitter.issuer]).includes(issuer));
  return read(subject, within, 0);
}

function read(subject: unknown, issuers: readonly Issuer[], depth: number): SignalSubject | undefined {
  if (typeof subject !== "object" || subject === null) return undefined;
  const fields = subject as Json;
  switch (fields.format ?? fields.subject_type) {
    case "iss_sub": {
      const issuer = issuers.find((one) => one.issuer === fields.iss);
      const sub = text(fields.sub);
      // Where users are known by another claim, their `sub` names none of ours.
      if (issuer === undefined || sub === undefined || issuer.idClaim !== "sub") return undefined;
      return ofUser(userIdOf(sub, issuer.prefix), issuer);
    }
    case "email": {
      const email = text(fields.email);
      const [issuer, ...more] = issuers;
      if (email === undefined || issuer === undefined || more.length > 0) return undefined;
      if (issuer.idClaim === "email") return ofUser(userIdOf(email, issuer.prefix), issuer);
      return { issuer, sessions: { source: issuer.issuer, email } };
    }
    case "opaque": {
      const id = text(fields.id);
      const [issuer, ...more] = issuers;
      if (id === undefined || issuer === undefined || more.length > 0) return undefined;
      return ofUser(userIdOf(id, issuer.prefix), issuer);
    }
    case "complex":
    case undefined:
      return depth === 0 ? complex(fields, issuers) : undefined;
    default:
      return undefined;
  }
}

function ofUser(userId: string, issuer: Issuer): SignalSubject {
  return { userId, issuer, sessions: { userId } };
}

/** The session, where it is named, narrows what the user's would be. */
function complex({ user, session, device }: Json, issuers: readonly Issuer[]): SignalSubject | undefined {
  const person = read(user, issuers, 1);
  const sid = text((session as Json | undefined)?.id);
  const deviceId = text((device as Json | undefined)?.id);
  const [issuer, ...more] = person?.issuer === undefined ? issuers : [person.issuer];
  const named = sid !== undefined && issuer !== undefined && more.length === 0;
  const sessions = named ? { source: issuer.issuer, providerSession: sid } : person?.sessions;
  if (person === undefined && sessions === undefined && deviceId === undefined) return undefined;
  return {
    ...person,
    ...(sessions !== undefined && { sessions }),
    ...(deviceId !== undefined && { device: deviceId }),
  };
}
