/** Configuration of Filebeat 9: which lines it reads on its node, and what it makes of them. Pure. */

type Config = { [key: string]: unknown };

/** Where the lifecycle policy is mounted. */
export const POLICY_FILE = "/etc/filebeat-lifecycle/policy.json";

/** The label as Filebeat's autodiscovery shows it: dots of label names become underscores. */
const PART_OF = "kubernetes.labels.app_kubernetes_io/part-of";

/**
 * Lines of our own pods are JSON with Elastic Common Schema keys (runtime/kernel/telemetry/logs.ts): they become fields, so
 * that `trace.id` joins them with traces. Lines of other pods stay text, unless the pod asks for more by Filebeat's hints.
 */
export function filebeatConfig(): Config {
  return {
    filebeat: {
      autodiscover: {
        providers: [
          {
            type: "kubernetes",
            node: "${NODE_NAME}",
            templates: [
              {
                condition: { equals: { [PART_OF]: "machine-native-ops" } },
                config: [containerLines([{ container: {} }, { ndjson: ecs() }])],
              },
            ],
            hints: { enabled: true, default_config: containerLines([{ container: {} }]) },
          },
        ],
      },
    },
    processors: [{ add_host_metadata: {} }],
    // Written anew at each start, so that a changed retention takes effect.
    "setup.ilm": { enabled: true, overwrite: true, policy_name: "machine-native-ops-logs", policy_file: POLICY_FILE },
  };
}

function containerLines(parsers: Config[]): Config {
  return {
    type: "filestream",
    id: "container-${data.kubernetes.container.id}",
    paths: ["/var/log/containers/*-${data.kubernetes.container.id}.log"],
    parsers,
    // The paths are links into /var/log/pods; a file is told by its beginning, because rotation renames it.
    prospector: { scanner: { symlinks: true, fingerprint: { enabled: true } } },
    file_identity: { fingerprint: {} },
  };
}

function ecs(): Config {
  return {
    target: "",
    overwrite_keys: true,
    // "log.level" is written with a dot and becomes a member of `log`.
    expand_keys: true,
    add_error_key: true,
    // What a crashing process prints is no JSON, and is what one wants to read: it stays a line of text.
    ignore_decoding_error: true,
  };
}

/** Lifecycle of the data stream: a new index each day or at 25 GB, and nothing older than `retentionDays`. */
export function lifecyclePolicy(retentionDays: number): Config {
  return {
    policy: {
      phases: {
        hot: {
          actions: { rollover: { max_age: "1d", max_primary_shard_size: "25gb" }, set_priority: { priority: 100 } },
        },
        delete: { min_age: `${String(retentionDays)}d`, actions: { delete: {} } },
      },
    },
  };
}
