import { natsText, type NatsBlock, type NatsValue, Variable } from "./nats-text";

export const PORTS = { client: 4222, cluster: 6222, leaf: 7422, monitor: 8222 } as const;
/** The user and account that see the servers themselves, beside the accounts of applications. */
const SYSTEM = "SYS";
/** Seconds over which a server that is told to drain sends its clients to the others. */
export const LAME_DUCK_SECONDS = 30;
/** Share of the disk that streams may take; the rest is for the server's own bookkeeping and compaction. */
const DISK_FRACTION = 0.9;
const MEMORY_FRACTION = 0.25;

/** Where things lie in a pod; paths of folders. */
export interface BackboneLayout {
  /** Writable, lasting: the streams. */
  data: string;
  /** Writable: the process id, by which the server is told to drain. */
  run: string;
  /** `tls.crt`, `tls.key`, `ca.crt`; undefined without TLS. */
  tls?: string;
  /** Folder that holds one folder for each remote that has files. */
  remotes: string;
  /** Address to listen on. */
  listen: string;
}

export interface BackboneSettings {
  /** Name of the cluster. */
  name: string;
  /** Host names of the servers. */
  hosts: readonly string[];
  storageBytes: number;
  memoryBytes: number;
  maxPayloadBytes: number;
  /** Name of this cluster's JetStream among those that leaf nodes join; undefined without leaf nodes. */
  domain?: string | undefined;
  accounts: readonly { name: string; password: string }[];
  systemPassword: string;
  /** Among the servers of the cluster. */
  routePassword: string;
  /** Encrypts the streams on disk. */
  encryptionKey: string;
  acceptsLeafNodes: boolean;
  remotes: readonly RemoteSettings[];
}

export interface RemoteSettings {
  name: string;
  url: string;
  account: string;
  username?: string | undefined;
  password?: string | undefined;
  /** There is a file `login/nats.creds` for it. */
  credentials: boolean;
  /** There is a file `authority/ca.crt` for it. */
  authority: boolean;
}

/** The configuration file of every server of the backbone; POD_NAME comes from the environment. For nats-server 2.9 and later. */
export function backboneConfig(layout: BackboneLayout, settings: BackboneSettings): string {
  const { data, run, listen } = layout;
  const several = settings.hosts.length > 1;
  return natsText({
    server_name: new Variable("POD_NAME"),
    listen: `${listen}:${PORTS.client}`,
    http: `${listen}:${PORTS.monitor}`,
    pid_file: `${run}/nats.pid`,
    max_payload: settings.maxPayloadBytes,
    lame_duck_duration: `${LAME_DUCK_SECONDS}s`,
    lame_duck_grace_period: "5s",
    tls: serverTls(layout),
    jetstream: {
      store_dir: data,
      max_file_store: Math.floor(settings.storageBytes * DISK_FRACTION),
      max_memory_store: Math.floor(settings.memoryBytes * MEMORY_FRACTION),
      cipher: "aes",
      key: settings.encryptionKey,
      domain: settings.domain,
    },
    system_account: SYSTEM,
    accounts: {
      [SYSTEM]: { users: [{ user: "sys", password: settings.systemPassword }] },
      ...Object.fromEntries(
        settings.accounts.map(({ name, password }) => [
          name,
          { jetstream: "enabled", users: [{ user: name, password }] },
        ]),
      ),
    },
    cluster: several ? cluster(layout, settings) : undefined,
    leafnodes: leafNodes(layout, settings),
  });
}

function serverTls({ tls }: BackboneLayout): NatsBlock | undefined {
  if (tls === undefined) return undefined;
  return { cert_file: `${tls}/tls.crt`, key_file: `${tls}/tls.key`, ca_file: `${tls}/ca.crt`, timeout: 5 };
}

function cluster(layout: BackboneLayout, { name, hosts, routePassword }: BackboneSettings): NatsBlock {
  const tls = serverTls(layout);
  return {
    name,
    listen: `${layout.listen}:${PORTS.cluster}`,
    // Clients know the servers by a name that their certificates hold; addresses of pods are of no use to them.
    no_advertise: true,
    authorization: { user: "route", password: routePassword, timeout: 5 },
    // Both ends of a route show a certificate of the same authority.
    tls: tls && { ...tls, verify: true },
    routes: hosts.map((host) => `nats-route://route:${encodeURIComponent(routePassword)}@${host}:${PORTS.cluster}`),
  };
}

function leafNodes(layout: BackboneLayout, settings: BackboneSettings): NatsBlock | undefined {
  const { acceptsLeafNodes, remotes } = settings;
  if (!acceptsLeafNodes && remotes.length === 0) return undefined;
  return {
    ...(acceptsLeafNodes && {
      listen: `${layout.listen}:${PORTS.leaf}`,
      no_advertise: true,
      tls: serverTls(layout),
    }),
    remotes: remotes.length === 0 ? undefined : remotes.map((remote) => remoteBlock(layout, remote)),
  };
}

function remoteBlock({ remotes }: BackboneLayout, remote: RemoteSettings): NatsValue {
  const folder = `${remotes}/${remote.name}`;
  const url = new URL(remote.url);
  const login =
    remote.username === undefined
      ? ""
      : `${encodeURIComponent(remote.username)}:${encodeURIComponent(remote.password ?? "")}@`;
  return {
    url: `${url.protocol}//${login}${url.host}`,
    account: remote.account,
    credentials: remote.credentials ? `${folder}/login/nats.creds` : undefined,
    tls: remote.authority ? { ca_file: `${folder}/authority/ca.crt` } : undefined,
  };
}
