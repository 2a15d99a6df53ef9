import { ocsfEvent } from "../../runtime/kernel/ocsf/event";
import type { OcsfEvent } from "../../runtime/kernel/ocsf/schema";
import { seeded } from "../../runtime/kernel/random";
import { ofAudit } from "../../runtime/security/security-intelligence/ingest/kubernetes";

/** Synthetic traffic of a company: office and home users, workloads, a cluster. Same seed, same events. */
export interface TrafficOptions {
  seed: number;
  /** Milliseconds since 1970. */
  start: number;
  seconds: number;
  users: number;
}

const AGENTS = [
  "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 15_5) AppleWebKit/605.1.15 Version/18.5 Safari/605.1.15",
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/138.0.0.0 Safari/537.36",
];
const SERVICES = ["catalogue", "orders", "billing", "search", "profiles", "reports"];

export class Traffic {
  readonly random: () => number;
  private count = 0;

  constructor(private readonly seed: number) {
    this.random = seeded(seed);
  }

  private base(activity_id: number, time: number) {
    return { uid: `t${this.seed}-${++this.count}`, product: "zero-trust-gateway", activity_id, time: new Date(time) };
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.random() * items.length)]!;
  }

  logon(time: number, user: string, ip: string, succeeded: boolean, agent = AGENTS[0]!): OcsfEvent {
    return ocsfEvent("authentication", {
      ...this.base(1, time),
      status_id: succeeded ? 1 : 2,
      severity_id: succeeded ? 1 : 3,
      user: { uid: user },
      src_endpoint: { ip },
      http_request: { user_agent: agent },
      ...(succeeded ? { session: { uid: `s-${user}-${time}` } } : {}),
    });
  }

  request(
    time: number,
    user: string,
    { ip, session, agent, path, service = "catalogue", code = 200, bytes = 2000 }: RequestOptions,
  ): OcsfEvent {
    return ocsfEvent("httpActivity", {
      ...this.base(3, time),
      status_id: code < 400 ? 1 : 2,
      action_id: code === 401 || code === 403 ? 2 : 1,
      actor: { user: { uid: user }, ...(session === undefined ? {} : { session: { uid: session } }) },
      src_endpoint: { ip },
      dst_endpoint: { svc_name: service },
      http_request: {
        http_method: "GET",
        url: { path, hostname: "app.example" },
        ...(agent === undefined ? {} : { user_agent: agent }),
      },
      http_response: { code },
      unmapped: { bytes_out: Math.round(bytes) },
    });
  }

  audit(time: number, username: string, verb: string, resource: string, more: Record<string, unknown> = {}): OcsfEvent {
    const audit = {
      auditID: `t${this.seed}-${++this.count}`,
      stage: "ResponseComplete",
      verb,
      user: { username },
      sourceIPs: ["10.1.0.7"],
      requestURI: `/api/v1/${resource}`,
      objectRef: { resource, namespace: "shop", name: "x" },
      responseStatus: { code: 200 },
      requestReceivedTimestamp: new Date(time).toISOString(),
      ...more,
    };
    return ofAudit(audit, time)!;
  }

  key(time: number, user: string, operation: string, key: string, succeeded = true): OcsfEvent {
    return ocsfEvent("apiActivity", {
      ...this.base(4, time),
      product: "quantum-cryptography",
      status_id: succeeded ? 1 : 2,
      actor: { user: { uid: user } },
      api: { operation },
      resources: [{ uid: key, type: "key" }],
    });
  }
}

interface RequestOptions {
  ip: string;
  path: string;
  session?: string;
  agent?: string;
  service?: string;
  code?: number;
  bytes?: number;
}

/** What happens on an ordinary day, mistakes included: mistyped passwords, forbidden pages, roaming, a nightly export. */
export function benign({ seed, start, seconds, users }: TrafficOptions): OcsfEvent[] {
  const traffic = new Traffic(seed);
  const { random } = traffic;
  const events: OcsfEvent[] = [];
  const end = start + seconds * 1000;
  for (let index = 0; index < users; index++) {
    const user = `user-${index}`;
    const agent = traffic.pick(AGENTS);
    // 40 % sit in one of two offices, each behind one address.
    const office = random() < 0.4;
    let ip = office ? `198.51.100.${1 + (index % 2)}` : `203.0.${Math.floor(index / 200)}.${index % 200}`;
    let time = start + random() * seconds * 800;
    const typos = random() < 0.12 ? 1 + Math.floor(random() * 3) : 0;
    for (let typo = 0; typo < typos; typo++)
      events.push(traffic.logon((time += 4000 + random() * 9000), user, ip, false, agent));
    events.push(traffic.logon((time += 5000), user, ip, true, agent));
    const session = `s-${user}-${seed}`;
    const favourites = Array.from({ length: 5 + Math.floor(random() * 60) }, () => Math.floor(random() * 5000));
    while ((time += -Math.log(1 - random()) * 20_000) < end) {
      // A phone changes from WLAN to the mobile network: the address changes, the program does not.
      if (!office && random() < 0.01) ip = `192.0.2.${Math.floor(random() * 250)}`;
      const refused = random() < 0.01;
      events.push(
        traffic.request(time, user, {
          ip,
          session,
          agent,
          service: traffic.pick(SERVICES),
          path: refused ? "/admin" : `/items/${traffic.pick(favourites)}`,
          code: refused ? 403 : random() < 0.02 ? 404 : 200,
          bytes: Math.min(2e7, Math.exp(8 + 2 * normal(random))),
        }),
      );
    }
  }
  for (const [index, workload] of ["orders", "billing", "search", "reports"].entries()) {
    const id = `spiffe://example/ns/shop/sa/${workload}`;
    for (let time = start + random() * 1000; time < end; time += 500 + random() * 1500) {
      const refused = random() < 0.002;
      const service = SERVICES[(index + Math.floor(random() * 2)) % SERVICES.length]!;
      events.push(
        traffic.request(time, id, {
          ip: `10.1.0.${20 + index}`,
          service,
          path: `/v1/${service}`,
          code: refused ? 403 : 200,
          bytes: 900,
        }),
      );
    }
  }
  const controllers = ["system:kube-controller-manager", "system:kube-scheduler", "system:node:node-1", "argo"];
  for (let time = start; time < end; time += 1500 + random() * 3000) {
    const resource = traffic.pick(["pods", "deployments", "configmaps", "endpoints"]);
    events.push(traffic.audit(time, traffic.pick(controllers), traffic.pick(["get", "list", "patch"]), resource));
  }
  for (let time = start; time < end; time += 300_000) events.push(traffic.key(time, "rotation", "key.rotate", "key-1"));
  return events.sort((a, b) => a.time - b.time);
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

export interface Campaign {
  name: string;
  events: OcsfEvent[];
  /** Words that the titles of its alerts hold one of. */
  expected: RegExp;
}

/** Attacks that begin at a time. */
export function campaigns(seed: number, start: number): Campaign[] {
  const traffic = new Traffic(seed + 1_000_000);
  const { random } = traffic;
  const spread = (count: number, seconds: number, make: (time: number, index: number) => OcsfEvent): OcsfEvent[] => {
    let time = start;
    return Array.from({ length: count }, (_, index) =>
      make((time += ((0.5 + random()) * seconds * 1000) / count), index),
    );
  };
  const bot = "python-requests/2.32";
  const stuffed = spread(60, 120, (time, index) => traffic.logon(time, `victim-${index}`, "45.9.148.10", false, bot));
  const victim = (index: number) => ({ ip: "203.0.113.9", session: `s-victim-${index}`, agent: AGENTS[2]! });
  return [
    {
      name: "credential stuffing",
      events: [...stuffed, traffic.logon(stuffed.at(-1)!.time + 2000, "victim-60", "45.9.148.10", true, bot)],
      expected: /stuffing|guessed/i,
    },
    {
      name: "password spraying",
      events: spread(40, 2700, (time, index) => traffic.logon(time, `staff-${index}`, "45.9.148.77", false)),
      expected: /spraying/i,
    },
    {
      name: "session theft",
      events: [
        ...spread(6, 60, (time, index) =>
          traffic.request(time, "victim-200", { ...victim(200), path: `/items/${index}` }),
        ),
        ...spread(6, 120, (time, index) =>
          traffic.request(time, "victim-200", {
            ...victim(200),
            ip: "45.9.148.99",
            agent: bot,
            path: `/account/${index}`,
          }),
        ),
      ].sort((a, b) => a.time - b.time),
      expected: /session used/i,
    },
    {
      name: "lateral movement",
      events: spread(24, 240, (time, index) =>
        traffic.request(time, "spiffe://example/ns/shop/sa/thumbnailer", {
          ip: "10.1.0.66",
          service: SERVICES[index % SERVICES.length]!,
          path: "/v1/internal",
          code: 403,
        }),
      ),
      expected: /no business/i,
    },
    {
      name: "exfiltration",
      events: spread(40, 1200, (time, index) =>
        traffic.request(time, "victim-300", {
          ...victim(300),
          path: `/reports/${index}.zip`,
          service: "reports",
          bytes: 2e7,
        }),
      ),
      expected: /exfiltration/i,
    },
    {
      name: "insider reads in bulk",
      events: spread(600, 900, (time, index) =>
        traffic.request(time, "insider-1", { ...victim(400), path: `/customers/${index}`, service: "profiles" }),
      ),
      expected: /bulk access/i,
    },
    {
      name: "privilege escalation in Kubernetes",
      events: [
        ...spread(8, 60, (time, index) =>
          traffic.audit(time, "system:serviceaccount:shop:web", "get", "secrets", {
            requestURI: `/api/v1/namespaces/ns${index}/secrets`,
            responseStatus: { code: 403 },
          }),
        ),
        traffic.audit(start + 70_000, "system:serviceaccount:shop:web", "create", "clusterrolebindings", {
          objectRef: { resource: "clusterrolebindings", name: "x", apiGroup: "rbac.authorization.k8s.io" },
          requestObject: { roleRef: { kind: "ClusterRole", name: "cluster-admin" } },
        }),
      ],
      expected: /administrator granted/i,
    },
    {
      name: "key misuse",
      events: spread(5, 60, (time, index) =>
        traffic.key(time, "mallory", "key.scheduled-for-destruction", `key-${index}`),
      ),
      expected: /keys taken away|scheduled for destruction/i,
    },
    {
      name: "scan for what is refused",
      events: spread(120, 60, (time, index) =>
        traffic.request(time, "anonymous", { ip: "45.9.148.200", path: `/${index}.php`, code: 403, agent: bot }),
      ),
      expected: /burst|probing/i,
    },
  ];
}
