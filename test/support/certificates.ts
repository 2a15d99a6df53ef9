import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Authority {
  trustAnchorPem: string;
  issuerCertificatePem: string;
  issuerKeyPem: string;
}

/** A trust anchor and an issuer below it, as an operator makes them for Linkerd; `curve` for what Linkerd refuses. */
export function makeAuthority(curve = "prime256v1"): Authority {
  const folder = mkdtempSync(join(tmpdir(), "mno-certificates-"));
  const file = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): void => void execFileSync("openssl", args, { stdio: "pipe" });
  const key = ["-newkey", "ec", "-pkeyopt", `ec_paramgen_curve:${curve}`, "-nodes"];
  const ca = ["-addext", "basicConstraints=critical,CA:TRUE", "-days", "3650"];
  try {
    const anchor = ["-keyout", file("anchor.key"), "-out", file("anchor.crt")];
    openssl("req", "-x509", ...key, ...anchor, "-subj", "/CN=root.linkerd.cluster.local", ...ca);
    const issuer = ["-keyout", file("issuer.key"), "-out", file("issuer.crt")];
    const by = ["-CA", file("anchor.crt"), "-CAkey", file("anchor.key")];
    openssl("req", "-x509", ...key, ...issuer, ...by, "-subj", "/CN=identity.linkerd.cluster.local", ...ca);
    const read = (name: string): string => readFileSync(file(name), "utf8");
    return {
      trustAnchorPem: read("anchor.crt"),
      issuerCertificatePem: read("issuer.crt"),
      issuerKeyPem: read("issuer.key"),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
