import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const DAYS = "365";

/** Nothing of the machine's own OpenSSL configuration goes into the certificates. */
const CONFIGURATION = "[req]\ndistinguished_name = subject\nprompt = no\n[subject]\n";

export interface Certificate {
  name: string;
  authority: "ca" | "etcd-ca";
  /** User name, for a client; the common name else. */
  user: string;
  /** Groups of the user, as RBAC sees them. */
  groups?: readonly string[];
  /** DNS names and addresses, for a server. */
  hosts?: readonly string[];
}

/** Who shows whom what: two authorities, so that no cluster certificate opens etcd. */
export function certificates(addresses: readonly string[], node: string, nodeAddress: string): Certificate[] {
  const service = [
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
  ];
  return [
    { name: "etcd", authority: "etcd-ca", user: "etcd", hosts: ["127.0.0.1", nodeAddress] },
    { name: "etcd-client", authority: "etcd-ca", user: "kube-apiserver" },
    { name: "apiserver", authority: "ca", user: "kube-apiserver", hosts: [...service, "localhost", ...addresses] },
    { name: "kubelet-client", authority: "ca", user: "kube-apiserver-kubelet-client" },
    { name: "admin", authority: "ca", user: "machine-native-ops-admin", groups: ["system:masters"] },
    { name: "controller-manager", authority: "ca", user: "system:kube-controller-manager", hosts: [nodeAddress] },
    { name: "scheduler", authority: "ca", user: "system:kube-scheduler", hosts: [nodeAddress] },
    {
      name: "kubelet",
      authority: "ca",
      user: `system:node:${node}`,
      groups: ["system:nodes"],
      hosts: [node, nodeAddress],
    },
    { name: "kube-proxy", authority: "ca", user: "system:kube-proxy" },
    { name: "coredns", authority: "ca", user: "system:coredns" },
    { name: "kwok", authority: "ca", user: "system:kwok-controller" },
  ];
}

/** Makes whatever is missing of the authorities, the certificates and the service accounts' signing key. */
export async function ensurePki(folder: string, wanted: readonly Certificate[]): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, "openssl.cnf"), CONFIGURATION);
  await Promise.all(["ca", "etcd-ca"].map((name) => ensureAuthority(folder, name)));
  await Promise.all(wanted.map((certificate) => ensureCertificate(folder, certificate)));
  if (existsSync(join(folder, "service-account.key"))) return;
  const { privateKey, publicKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    privateKeyEncoding: { type: "sec1", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  writeFileSync(join(folder, "service-account.pub"), publicKey);
  writeFileSync(join(folder, "service-account.key"), privateKey, { mode: 0o600 });
}

async function ensureAuthority(folder: string, name: string): Promise<void> {
  await request(folder, name, `/CN=machine-native-ops ${name}`, [
    "basicConstraints=critical,CA:TRUE",
    "keyUsage=critical,keyCertSign,cRLSign",
    "subjectKeyIdentifier=hash",
  ]);
}

async function ensureCertificate(folder: string, certificate: Certificate): Promise<void> {
  const hosts = (certificate.hosts ?? []).map((host) => (/^[\d.]+$/.test(host) ? `IP:${host}` : `DNS:${host}`));
  const subject = [...(certificate.groups ?? []).map((group) => `/O=${group}`), `/CN=${certificate.user}`].join("");
  const extensions = [
    "basicConstraints=critical,CA:FALSE",
    "keyUsage=critical,digitalSignature",
    `extendedKeyUsage=clientAuth${hosts.length > 0 ? ",serverAuth" : ""}`,
    ...(hosts.length > 0 ? [`subjectAltName=${hosts.join(",")}`] : []),
  ];
  const authority = join(folder, certificate.authority);
  await request(folder, certificate.name, subject, extensions, [
    "-CA",
    `${authority}.crt`,
    "-CAkey",
    `${authority}.key`,
  ]);
}

async function request(
  folder: string,
  name: string,
  subject: string,
  extensions: readonly string[],
  issuer: readonly string[] = [],
): Promise<void> {
  const file = join(folder, name);
  if (existsSync(`${file}.crt`)) return;
  await run("openssl", [
    ...["req", "-x509", "-config", join(folder, "openssl.cnf"), "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    ...["-noenc", "-sha256", "-days", DAYS, "-subj", subject, "-keyout", `${file}.key`, "-out", `${file}.crt`],
    ...extensions.flatMap((extension) => ["-addext", extension]),
    ...issuer,
  ]);
}
