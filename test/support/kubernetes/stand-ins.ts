import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AnyObject, Objects } from "./objects";

/** Storage class of the claims that `StandIns` provides for. */
export const STAND_IN_STORAGE_CLASS = "mno-stand-in";

/**
 * Stand-ins for operators whose images no package registry serves. They do the one thing that the platform waits for: a
 * Certificate gets its Secret, a PostgreSQL Cluster gets a server, a Service and its credentials, a claim gets a folder of
 * this machine. The custom resources themselves are exactly those that the real operators get.
 */
export class StandIns {
  private readonly folder = mkdtempSync(join(tmpdir(), "mno-stand-ins-"));
  private readonly timer: NodeJS.Timeout;
  private round: Promise<void> | undefined;
  /** What went wrong last; cleared by a round that goes well. */
  failure: unknown;

  constructor(
    private readonly objects: Objects,
    private readonly namespace: string,
    private readonly postgresImage: string,
  ) {
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
      "-subj", "/CN=mno test CA", "-keyout", this.path("ca.key"), "-out", this.path("ca.crt")); // prettier-ignore
    this.timer = setInterval(() => {
      this.round ??= this.reconcile()
        .then(() => undefined)
        .catch((error: unknown) => error)
        .then((failure: unknown) => {
          this.failure = failure;
          this.round = undefined;
        });
    }, 1000);
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.round;
    for (const volume of await this.objects.list("v1", "PersistentVolume")) {
      if (volume.spec.storageClassName === STAND_IN_STORAGE_CLASS) await this.objects.delete(volume);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async reconcile(): Promise<void> {
    for (const certificate of await this.objects.list("cert-manager.io/v1", "Certificate", this.namespace)) {
      await this.issue(certificate);
    }
    for (const cluster of await this.objects.list("postgresql.cnpg.io/v1", "Cluster", this.namespace)) {
      await this.serve(cluster);
    }
    for (const claim of await this.objects.list("v1", "PersistentVolumeClaim", this.namespace)) {
      if (claim.spec.storageClassName === STAND_IN_STORAGE_CLASS && claim.status?.phase === "Pending") {
        await this.provide(claim);
      }
    }
  }

  /** What a storage provisioner does; the folder goes with the stand-ins, the volume with its claim. */
  private async provide({ metadata, spec }: AnyObject): Promise<void> {
    const name = `mno-stand-in-${metadata?.uid ?? ""}`;
    const path = this.path(name);
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o777); // hostPath volumes know no fsGroup
    const { name: claim, namespace, uid } = metadata ?? {};
    await this.objects.apply({
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name },
      spec: {
        storageClassName: STAND_IN_STORAGE_CLASS,
        accessModes: spec.accessModes,
        capacity: spec.resources.requests,
        persistentVolumeReclaimPolicy: "Retain",
        hostPath: { path },
        claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", name: claim, namespace, uid },
      },
    });
  }

  /** What cert-manager does: a key and a certificate for the names, in the Secret that is named. */
  private async issue({ metadata, spec }: AnyObject): Promise<void> {
    const { secretName, dnsNames = [], commonName, isCA } = spec;
    if (await this.objects.get("v1", "Secret", secretName, this.namespace)) return;
    const file = (end: string): string => this.path(`${secretName as string}.${end}`);
    const names = (dnsNames as string[]).map((name) => `DNS:${name}`);
    writeFileSync(
      file("ext"),
      [
        `basicConstraints=critical,CA:${isCA === true ? "TRUE" : "FALSE"}`,
        "extendedKeyUsage=serverAuth,clientAuth",
        ...(names.length > 0 ? [`subjectAltName=${names.join(",")}`] : []),
      ].join("\n"),
    );
    const subject = `/CN=${(commonName as string | undefined) ?? metadata?.name ?? "certificate"}`;
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject,
      "-keyout", file("key"), "-out", file("csr")); // prettier-ignore
    openssl("x509", "-req", "-in", file("csr"), "-CA", this.path("ca.crt"), "-CAkey", this.path("ca.key"),
      "-CAcreateserial", "-days", "2", "-extfile", file("ext"), "-out", file("crt")); // prettier-ignore
    const base64 = (path: string): string => readFileSync(path).toString("base64");
    await this.objects.apply({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: secretName, namespace: this.namespace, ownerReferences: [ownedBy("Certificate", metadata)] },
      type: "kubernetes.io/tls",
      data: { "tls.crt": base64(file("crt")), "tls.key": base64(file("key")), "ca.crt": base64(this.path("ca.crt")) },
    });
  }

  /** What CloudNativePG does, with one instance and no disk. */
  private async serve({ metadata, spec }: AnyObject): Promise<void> {
    const name = metadata?.name ?? "";
    const secret = `${name}-app`;
    if (await this.objects.get("v1", "Secret", secret, this.namespace)) return;
    const owner = ownedBy("Cluster", metadata);
    const meta = (suffix: string): AnyObject["metadata"] => ({
      name: `${name}${suffix}`,
      namespace: this.namespace,
      ownerReferences: [owner],
    });
    const labels = { "cnpg.io/cluster": name };
    const initdb = (spec.bootstrap?.initdb ?? {}) as { database?: string; owner?: string };
    const user = initdb.owner ?? "app";
    const password = randomBytes(16).toString("hex");
    const container = (program: string, args: string[]): object => ({
      name: program,
      image: this.postgresImage,
      command: [`/usr/lib/postgresql/15/bin/${program}`],
      args,
      env: [{ name: "PGPASSWORD", value: password }],
      volumeMounts: [
        { name: "data", mountPath: "/data" },
        { name: "config", mountPath: "/config" },
        { name: "tmp", mountPath: "/tmp" },
        { name: "run", mountPath: "/var/run/postgresql" },
      ],
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
      resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "256Mi", cpu: "1" } },
    });
    await this.objects.apply({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: meta("-stand-in"),
      data: { password, hba: "local all all trust\nhost all all 0.0.0.0/0 scram-sha-256\n" },
    });
    await this.objects.apply({
      apiVersion: "v1",
      kind: "Service",
      metadata: meta("-rw"),
      spec: { selector: labels, ports: [{ port: 5432 }] },
    });
    await this.objects.apply({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: meta("-stand-in"),
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            automountServiceAccountToken: false,
            // A full node makes room for it, as for CloudNativePG's own pods.
            priorityClassName: spec.priorityClassName,
            securityContext: {
              runAsNonRoot: true,
              runAsUser: 26,
              fsGroup: 26,
              seccompProfile: { type: "RuntimeDefault" },
            },
            initContainers: [
              container("initdb", [
                "-D",
                "/data/pg",
                "-U",
                user,
                "-A",
                "scram-sha-256",
                "--pwfile=/config/password",
                "--no-locale",
                "-E",
                "UTF8",
              ]),
            ],
            containers: [
              container("postgres", [
                "-D",
                "/data/pg",
                "-c",
                "listen_addresses=*",
                "-c",
                "hba_file=/config/hba",
                "-c",
                "fsync=off",
              ]),
            ],
            volumes: [
              { name: "data", emptyDir: {} },
              { name: "run", emptyDir: {} },
              { name: "tmp", emptyDir: {} },
              { name: "config", configMap: { name: `${name}-stand-in` } },
            ],
          },
        },
      },
    });
    const host = `${name}-rw.${this.namespace}.svc`;
    await this.objects.apply({
      apiVersion: "v1",
      kind: "Secret",
      metadata: meta("-app"),
      stringData: {
        username: user,
        password,
        host,
        port: "5432",
        uri: `postgres://${user}:${password}@${host}:5432/postgres`,
      },
    });
  }

  private path(name: string): string {
    return join(this.folder, name);
  }
}

function ownedBy(
  kind: "Certificate" | "Cluster",
  metadata: AnyObject["metadata"],
): {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
} {
  const apiVersion = kind === "Certificate" ? "cert-manager.io/v1" : "postgresql.cnpg.io/v1";
  return { apiVersion, kind, name: metadata?.name ?? "", uid: metadata?.uid ?? "" };
}

function openssl(...args: string[]): void {
  execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
}
