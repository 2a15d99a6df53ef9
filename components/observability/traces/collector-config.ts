/**
 * Configuration of the OpenTelemetry collectors (contrib 0.158): on every node an agent, which knows its pods, and behind
 * the agents a gateway, which decides what is kept and sends it on. Pure; secrets are named as environment variables only.
 */

/** Part of a collector's configuration. */
export type Config = { [key: string]: unknown };

export const OTLP_GRPC_PORT = 4317;
export const OTLP_HTTP_PORT = 4318;
export const HEALTH_PORT = 13133;
export const METRICS_PORT = 8888;

/** Folder of the certificate, its key and the authority that signed both sides' (`tls.crt`, `tls.key`, `ca.crt`). */
export const TLS_FOLDER = "/etc/otel/tls";
/** Folder of the target's certificate authority (`ca.crt`). */
export const TARGET_CA_FOLDER = "/etc/otel/target";
/** Variables of the container that the configuration reads. */
export const VARIABLES = { podIp: "POD_IP", nodeName: "NODE_NAME", authorization: "OTLP_AUTHORIZATION" } as const;

export interface Sampling {
  decisionWaitSeconds: number;
  slowerThanMilliseconds: number;
  percent: number;
}

export interface AgentSettings {
  /** Name of the headless Service of the gateways, which resolves to each of them. */
  gatewayHost: string;
  /** All spans of a trace must reach the same gateway. */
  byTrace: boolean;
  tls: boolean;
}

export interface GatewaySettings {
  endpoint: string;
  plaintext: boolean;
  targetCa: boolean;
  authorization: boolean;
  tls: boolean;
  sampling?: Sampling;
}

/** What runs on every node: takes OTLP from the node's pods, adds which pod it was, and hands it to the gateways. */
export function agentConfig({ gatewayHost, byTrace, tls }: AgentSettings): Config {
  const toGateway = { tls: tls ? mutualTls({ server_name_override: gatewayHost }) : { insecure: true } };
  const exporters = byTrace
    ? {
        loadbalancing: {
          routing_key: "traceID",
          // The queue stands before the choice of a gateway: what waits goes to those that exist by then.
          ...queued(),
          protocol: { otlp: { ...toGateway, sending_queue: { enabled: false } } },
          resolver: { dns: { hostname: gatewayHost, port: OTLP_GRPC_PORT } },
        },
      }
    : {
        otlp_grpc: {
          endpoint: `dns:///${gatewayHost}:${String(OTLP_GRPC_PORT)}`,
          // One connection would keep all of a node's traces at one gateway.
          balancer_name: "round_robin",
          ...toGateway,
          ...queued(),
        },
      };
  return collector({
    // Pods reach the agent of their own node only (internalTrafficPolicy: Local), so nothing crosses the network here.
    receivers: otlp({ http: true }),
    processors: { k8s_attributes: whichPod(), resource_detection: { detectors: ["env"], override: false } },
    exporters,
  });
}

/** What stands behind the nodes: decides which traces are kept, and sends them to the target. */
export function gatewayConfig(settings: GatewaySettings): Config {
  const { endpoint, plaintext, targetCa, authorization, tls, sampling } = settings;
  const targetTls = plaintext ? { insecure: true } : targetCa ? { ca_file: `${TARGET_CA_FOLDER}/ca.crt` } : {};
  return collector({
    receivers: otlp(tls ? { tls: { ...keyPair(), client_ca_file: `${TLS_FOLDER}/ca.crt`, min_version: "1.3" } } : {}),
    processors: sampling === undefined ? {} : { tail_sampling: keep(sampling) },
    exporters: {
      otlp_grpc: {
        endpoint,
        tls: targetTls,
        ...(authorization ? { headers: { authorization: variable(VARIABLES.authorization) } } : {}),
        ...queued(),
      },
    },
  });
}

/** The parts in one pipeline, in the order given, behind the memory limiter. */
function collector(parts: { receivers: Config; processors: Config; exporters: Config }): Config {
  return {
    extensions: { health_check: { endpoint: `${variable(VARIABLES.podIp)}:${String(HEALTH_PORT)}` } },
    receivers: parts.receivers,
    processors: {
      // Percent of the container's limit: above it requests are refused, and their senders try again.
      memory_limiter: { check_interval: "1s", limit_percentage: 80, spike_limit_percentage: 20 },
      ...parts.processors,
    },
    exporters: parts.exporters,
    service: {
      extensions: ["health_check"],
      telemetry: {
        logs: { encoding: "json" },
        metrics: {
          readers: [{ pull: { exporter: { prometheus: { host: variable(VARIABLES.podIp), port: METRICS_PORT } } } }],
        },
      },
      pipelines: {
        traces: {
          receivers: Object.keys(parts.receivers),
          processors: ["memory_limiter", ...Object.keys(parts.processors)],
          exporters: Object.keys(parts.exporters),
        },
      },
    },
  };
}

function otlp({ tls, http = false }: { tls?: Config; http?: boolean }): Config {
  const address = (port: number): string => `${variable(VARIABLES.podIp)}:${String(port)}`;
  return {
    otlp: {
      protocols: {
        grpc: { endpoint: address(OTLP_GRPC_PORT), ...(tls === undefined ? {} : { tls }) },
        ...(http ? { http: { endpoint: address(OTLP_HTTP_PORT) } } : {}),
      },
    },
  };
}

/**
 * Batches are made in the queue and not by a processor before it: what a client was told is accepted is then in the queue.
 * Five minutes of retries outlast a restart of what is behind.
 */
function queued(): Config {
  return {
    retry_on_failure: { enabled: true, initial_interval: "1s", max_interval: "30s", max_elapsed_time: "300s" },
    sending_queue: {
      enabled: true,
      sizer: "items",
      queue_size: 50_000,
      batch: { flush_timeout: "1s", min_size: 2_000, max_size: 8_000 },
    },
  };
}

function whichPod(): Config {
  return {
    auth_type: "serviceAccount",
    // Each agent watches the pods of its own node: the API server is not asked for all of them by all.
    filter: { node_from_env_var: VARIABLES.nodeName },
    extract: {
      metadata: ["k8s.namespace.name", "k8s.pod.name", "k8s.pod.uid", "k8s.deployment.name", "k8s.node.name"],
    },
    pod_association: [
      { sources: [{ from: "resource_attribute", name: "k8s.pod.uid" }] },
      { sources: [{ from: "connection" }] },
    ],
  };
}

function keep({ decisionWaitSeconds, slowerThanMilliseconds, percent }: Sampling): Config {
  return {
    decision_wait: `${String(decisionWaitSeconds)}s`,
    num_traces: 50_000,
    policies: [
      { name: "errors", type: "status_code", status_code: { status_codes: ["ERROR"] } },
      { name: "slow", type: "latency", latency: { threshold_ms: slowerThanMilliseconds } },
      { name: "others", type: "probabilistic", probabilistic: { sampling_percentage: percent } },
    ],
  };
}

function mutualTls(more: Config): Config {
  return { ...keyPair(), ca_file: `${TLS_FOLDER}/ca.crt`, min_version: "1.3", ...more };
}

function keyPair(): Config {
  return { cert_file: `${TLS_FOLDER}/tls.crt`, key_file: `${TLS_FOLDER}/tls.key`, reload_interval: "1h" };
}

function variable(name: string): string {
  return `\${env:${name}}`;
}
