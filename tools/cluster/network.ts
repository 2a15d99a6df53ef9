import { createHash } from "node:crypto";

/** Addresses of one cluster: a /16 of its own, of which the host sees the link and, through it, pods and services. */
export interface ClusterNetwork {
  /** All of it: the one route that the host gets. */
  range: string;
  /** The host's end of the link: where pods and the API server reach what listens on the host. */
  host: string;
  /** The node's end: API server, kubelet, DNS. */
  node: string;
  linkPrefix: number;
  pods: string;
  services: string;
  /** The API server's Service. */
  kubernetes: string;
  dns: string;
  /** Name of the host's end of the link. */
  link: string;
}

/** Second octets in use for clusters: 10.160.0.0/16 and up, which neither Docker, kind nor the clouds' defaults take. */
const FIRST = 160;
const COUNT = 90;

export function networkOf(octet: number): ClusterNetwork {
  const prefix = `10.${String(octet)}`;
  return {
    range: `${prefix}.0.0/16`,
    host: `${prefix}.255.1`,
    node: `${prefix}.255.2`,
    linkPrefix: 30,
    pods: `${prefix}.0.0/24`,
    services: `${prefix}.128.0/20`,
    kubernetes: `${prefix}.128.1`,
    dns: `${prefix}.128.10`,
    link: `mno-${String(octet)}`,
  };
}

/**
 * The second octet for a state folder's cluster: the same every time, unless the host already has an address or a route
 * there. Errors: undefined when none is free.
 */
export function chooseOctet(directory: string, hostRoutes: readonly string[]): number | undefined {
  const taken = new Set(hostRoutes.map((route) => /^10\.(\d+)\./.exec(route)?.[1]).map(Number));
  const start = createHash("sha256").update(directory).digest().readUInt16BE(0) % COUNT;
  for (let step = 0; step < COUNT; step += 1) {
    const octet = FIRST + ((start + step) % COUNT);
    if (!taken.has(octet)) return octet;
  }
  return undefined;
}
