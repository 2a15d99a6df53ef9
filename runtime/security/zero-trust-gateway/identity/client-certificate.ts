import { createHash, X509Certificate } from "node:crypto";
import { trustDomainOf } from "./spiffe";
import { parseForwardedCertificates } from "./xfcc";

/** What the client's certificate says, for GatewayRequest. */
export interface ClientCertificate {
  /** SHA-256 of the certificate in DER, base64url (RFC 8705, `x5t#S256`). */
  readonly certificateThumbprint?: string;
  readonly spiffeId?: string;
}

export interface CertificateSources {
  /** DER of the certificate that the peer showed in its handshake and that our trust anchors vouch for; nothing else. */
  readonly verified?: Buffer;
  /** Values of `x-forwarded-client-cert`. */
  readonly forwarded?: readonly string[];
  /** Whether the peer itself is a proxy that is trusted: its own certificate then is not the client's. */
  readonly fromTrustedProxy: boolean;
}

/**
 * The client's certificate: the peer's own, or what a trusted proxy tells of its client in the last element of
 * `x-forwarded-client-cert`. The header of anybody else is as if it were not there; so is one that is not well-formed or comes twice.
 */
export function clientCertificateOf({ verified, forwarded, fromTrustedProxy }: CertificateSources): ClientCertificate {
  if (!fromTrustedProxy) return verified === undefined ? {} : fromDer(verified);
  const [header, ...more] = forwarded ?? [];
  if (header === undefined || more.length > 0) return {};
  // Elements before the last are what clients sent; the trusted proxy appended its own.
  const nearest = parseForwardedCertificates(header)?.at(-1);
  if (nearest === undefined) return {};
  return {
    ...(nearest.hash !== undefined && {
      certificateThumbprint: Buffer.from(nearest.hash, "hex").toString("base64url"),
    }),
    ...spiffeIn(nearest.uris),
  };
}

function fromDer(der: Buffer): ClientCertificate {
  return {
    certificateThumbprint: createHash("sha256").update(der).digest("base64url"),
    ...spiffeIn(uriNames(new X509Certificate(der).subjectAltName ?? "")),
  };
}

/** An X.509-SVID has exactly one URI name (SPIFFE X509-SVID, section 2); with more, it is nobody's. */
function spiffeIn(uris: readonly string[]): { spiffeId?: string } {
  const [id, ...more] = uris;
  return id !== undefined && more.length === 0 && trustDomainOf(id) !== undefined ? { spiffeId: id } : {};
}

/** Node.js separates names by ", " and puts those in JSON quotes that could be mistaken for several (CVE-2021-44532). */
function uriNames(subjectAltName: string): string[] {
  const names: string[] = [];
  const pattern = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/y;
  for (let match = pattern.exec(subjectAltName); match !== null; match = pattern.exec(subjectAltName)) {
    if (match[1] === "URI") names.push(match[2] as string);
    if (pattern.lastIndex >= subjectAltName.length) return names;
  }
  // Not understood to its end: it may have any number of names.
  return subjectAltName === "" ? [] : ["", ""];
}
