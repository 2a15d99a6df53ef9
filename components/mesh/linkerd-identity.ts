import { createPrivateKey, X509Certificate } from "node:crypto";
import type { FieldFault } from "../../runtime/exports";

export interface LinkerdIdentity {
  trustAnchorPem: string;
  issuerCertificatePem: string;
  issuerKeyPem: string;
}

/** What Linkerd would refuse at start, found before anything is deployed. The messages hold nothing of the key. */
export function validateIdentity(identity: LinkerdIdentity): FieldFault[] {
  const faults: FieldFault[] = [];
  const read = <T>(field: string, message: string, parse: () => T): T | undefined => {
    try {
      return parse();
    } catch {
      faults.push({ field, message });
      return undefined;
    }
  };
  const certificate = (field: "trustAnchorPem" | "issuerCertificatePem"): X509Certificate | undefined => {
    const found = read(`identity.${field}`, "is not a certificate in PEM", () => new X509Certificate(identity[field]));
    if (!found) return undefined;
    if (found.publicKey.asymmetricKeyDetails?.namedCurve !== "prime256v1") {
      faults.push({ field: `identity.${field}`, message: "must be ECDSA P-256, the only kind that Linkerd takes" });
    }
    if (!found.ca)
      faults.push({ field: `identity.${field}`, message: "must be a CA certificate (basicConstraints CA:TRUE)" });
    return found;
  };
  const anchor = certificate("trustAnchorPem");
  const issuer = certificate("issuerCertificatePem");
  const key = read("identity.issuerKeyPem", "is not a private key in PEM", () =>
    createPrivateKey(identity.issuerKeyPem),
  );
  if (anchor && issuer && !issuer.verify(anchor.publicKey)) {
    faults.push({ field: "identity.issuerCertificatePem", message: "is not signed by the trust anchor" });
  }
  if (issuer && key && !issuer.checkPrivateKey(key)) {
    faults.push({ field: "identity.issuerKeyPem", message: "is not the key of the issuer's certificate" });
  }
  return faults;
}

/** Unix time in seconds at which the certificate ends. */
export function notAfterSeconds(pem: string): number {
  return Math.floor(Date.parse(new X509Certificate(pem).validTo) / 1000);
}
