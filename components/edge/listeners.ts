import type { GatewayArgs, GatewayTlsArgs } from "./types";

/** The two doors; the names are also the prefixes of listeners' names. */
export const HTTP = { name: "http", port: 80 };
export const HTTPS = { name: "https", port: 443 };

/** One listener per hostname, so that the Gateway answers for no other name. With TLS, plain HTTP has one for its redirect. */
export function listeners(name: string, { hostnames, tls }: GatewayArgs): object[] {
  const allowedRoutes = { namespaces: { from: "Same" } };
  const plain = { ...HTTP, protocol: "HTTP", allowedRoutes };
  if (!tls) return hostnames.map((hostname) => ({ ...plain, name: listenerName(HTTP.name, hostname), hostname }));
  const certificateRefs = [{ group: "", kind: "Secret", name: secretName(name, tls) }];
  const secure = { ...HTTPS, protocol: "HTTPS", allowedRoutes, tls: { mode: "Terminate", certificateRefs } };
  return [plain, ...hostnames.map((hostname) => ({ ...secure, name: listenerName(HTTPS.name, hostname), hostname }))];
}

export function listenerName(door: string, hostname: string): string {
  return `${door}-${hostname.replace("*", "any").replaceAll(".", "-")}`;
}

/** The Certificate that cert-manager keeps the listeners' Secret from. */
export function certificate(name: string, { hostnames }: GatewayArgs, tls: GatewayTlsArgs): object {
  return {
    secretName: secretName(name, tls),
    dnsNames: hostnames,
    issuerRef: { name: tls.issuer, kind: tls.issuerKind ?? "ClusterIssuer", group: "cert-manager.io" },
    privateKey: { algorithm: "ECDSA", size: 256, rotationPolicy: "Always" },
    usages: ["digital signature", "server auth"],
  };
}

function secretName(name: string, tls: GatewayTlsArgs): string {
  return tls.secretName ?? `${name}-tls`;
}
