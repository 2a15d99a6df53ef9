import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PolicyName } from "../../runtime/scalability/global-load-balancer/policies/policy";
import type { UpstreamInput } from "../../runtime/scalability/global-load-balancer/spec";
import { end, freePort, type Programs, startProgram, versionOf } from "./processes";

/** A balancer under test, running. */
export interface Running {
  port: number;
  pid: number;
  /** Another configuration while it runs; ours only. */
  apply?: (upstream: UpstreamInput) => Promise<void>;
  stop(): Promise<void>;
}

export interface LiveContender {
  name: string;
  /** In front of the backends at these ports of the loopback. Files go into the programs' folder. */
  start(ports: readonly number[], programs: Programs): Promise<Running>;
}

/** The upstream of our proxy: its defaults, but for the policy, and 500 as an answer that is retried, as the peers are told. */
export function upstream(ports: readonly number[], policy: PolicyName): UpstreamInput {
  const endpoints = ports.map((port, index) => ({ id: `b${index}`, address: `127.0.0.1:${port}` }));
  return { name: "bench", endpoints, policy: { name: policy }, retry: { statuses: [500, 502, 503, 504] } };
}

const proxied = (name: string, policy: PolicyName): LiveContender => ({
  name,
  async start(ports, programs) {
    const child = programs.start("proxy");
    const port = await child.ask<number>("open", { upstream: upstream(ports, policy) });
    const apply = (changed: UpstreamInput): Promise<void> => child.ask("apply", { upstream: changed });
    return { port, pid: child.pid, apply, stop: () => child.stop() };
  },
});

const balancedPool: LiveContender = {
  name: "undici BalancedPool",
  async start(ports, programs) {
    const child = programs.start("balanced-pool");
    const port = await child.ask<number>("open", { ports });
    return { port, pid: child.pid, stop: () => child.stop() };
  },
};

/** One thread; retries and passive ejection on, as ours has them. */
const haproxy = (balance: string): LiveContender => ({
  name: `HAProxy ${balance}`,
  async start(ports, { folder }) {
    const port = await freePort();
    const file = join(folder, `haproxy-${port}.cfg`);
    writeFileSync(
      file,
      `global
  nbthread 1
  maxconn 4000
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  retries 3
  option redispatch 1
  retry-on conn-failure empty-response 500
  http-reuse always
frontend in
  bind 127.0.0.1:${port}
  default_backend all
backend all
  balance ${balance}
${ports.map((to, index) => `  server b${index} 127.0.0.1:${to} check inter 1s fall 2 rise 2 observe layer7 error-limit 5 on-error mark-down`).join("\n")}
`,
    );
    return program("haproxy", ["-db", "-f", file], port);
  },
});

/** One process; the defaults for failures, and 500 as one of them. */
const nginx = (method: string): LiveContender => ({
  name: `nginx ${method}`,
  async start(ports, { folder }) {
    const port = await freePort();
    const file = join(folder, `nginx-${port}.conf`);
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    writeFileSync(
      file,
      `daemon off;
master_process off;
pid ${folder}/nginx-${port}.pid;
error_log stderr crit;
events { worker_connections 8192; }
http {
  access_log off;
${temporary.map((kind) => `  ${kind}_temp_path ${folder}/nginx-${port}-${kind};`).join("\n")}
  keepalive_requests 1000000;
  upstream all {
    ${method};
${ports.map((to) => `    server 127.0.0.1:${to};`).join("\n")}
    keepalive 512;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://all;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_next_upstream error timeout http_500;
    }
  }
}
`,
    );
    return program("nginx", ["-e", "stderr", "-c", file], port);
  },
});

async function program(command: string, parameters: string[], port: number): Promise<Running> {
  const child = await startProgram(command, parameters, port);
  return { port, pid: child.pid!, stop: () => end(child) };
}

export const OURS = proxied("ours", "expected-wait");
/** It sees every request, so that its counts are the servers' own: joining the shortest queue with global knowledge. */
const JSQ = proxied("global JSQ", "least-request");
const PEAK_EWMA = proxied("Peak-EWMA P2C", "peak-ewma");

/**
 * All whose program is on this machine; says which are left out. Those that run on Node.js alternate with those that do not,
 * so that neighbours, which run at the same time, share the processors well.
 */
export function contenders(print: (text: string) => void): LiveContender[] {
  const onNode = [OURS, JSQ, PEAK_EWMA, balancedPool];
  const programs: LiveContender[] = [];
  const wanted = {
    haproxy: ["leastconn", "random(2)"].map(haproxy),
    nginx: ["random two least_conn", "least_conn"].map(nginx),
  };
  for (const [command, found] of Object.entries(wanted)) {
    const version = versionOf(command);
    print(version === undefined ? `${command} is not on this machine: its rows are left out` : `${command} ${version}`);
    if (version !== undefined) programs.push(...found);
  }
  return onNode.flatMap((contender, index) => [contender, ...programs.slice(index, index + 1)]);
}
