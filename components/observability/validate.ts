import type { FieldFault } from "../../runtime/exports";
import { faultsOf } from "../arguments";
import { tlsFaults } from "../storage/tls";
import { known } from "../workload/inputs";
import type {
  LogCollectionArgs,
  MetricsStackArgs,
  ObservabilityArgs,
  ObservabilityChartArgs,
  TraceCollectionArgs,
} from "./types";
import { valuesFault } from "./values";

const GIBIBYTE = 1024 ** 3;
const MEBIBYTE = 1024 ** 2;
/** kube-prometheus-stack cuts longer names, and its objects would no longer be found by theirs. */
const NAME = /^[a-z]([a-z0-9-]{0,24}[a-z0-9])?$/;

type Check = readonly [wrong: boolean, field: string, message: string];

/** Everything that is wrong with the arguments, as far as they are known. */
export function validateObservability(name: string, args: ObservabilityArgs): FieldFault[] {
  const { metrics, traces, logs, dashboards, alerts } = args;
  const runbooksUrl = known(alerts?.runbooksUrl);
  return [
    ...faultsOf([
      [!NAME.test(name), "name", "must be 1 to 26 lower-case letters, digits and dashes, beginning with a letter"],
      [
        [metrics, traces, logs, dashboards, alerts].every((part) => part === undefined),
        "metrics, traces, logs, dashboards, alerts",
        "must not all be left out: nothing would be made",
      ],
      [
        runbooksUrl !== undefined && !/^https?:\/\/\S+$/.test(runbooksUrl),
        "alerts.runbooksUrl",
        "must be an http or https URL",
      ],
    ]),
    ...(metrics === undefined ? [] : metricsFaults(metrics)),
    ...(traces === undefined ? [] : tracesFaults(traces)),
    ...(logs === undefined ? [] : logsFaults(logs)),
  ];
}

function metricsFaults({ existing, ...install }: MetricsStackArgs): FieldFault[] {
  if (existing !== undefined) return aloneFaults("metrics", "existing", install);
  const { replicas, retentionDays, storageBytes, chart } = install;
  return faultsOf([
    badValues("metrics.chart", chart),
    whole("metrics.replicas", replicas, 1, 10),
    whole("metrics.retentionDays", retentionDays, 1, 3650),
    atLeast("metrics.storageBytes", storageBytes, GIBIBYTE, "1 GiB"),
  ]);
}

function tracesFaults({ existingEndpoint, ...install }: TraceCollectionArgs): FieldFault[] {
  if (existingEndpoint !== undefined) {
    const url = known(existingEndpoint);
    const wrong = url !== undefined && !/^https?:\/\/[^/\s]+/.test(url);
    return [
      ...aloneFaults("traces", "existingEndpoint", install),
      ...faultsOf([
        [wrong, "traces.existingEndpoint", "must be an http or https URL, such as http://otel.tracing.svc:4318"],
      ]),
    ];
  }
  const { exportTo, tls, tailSampling, minGateways = 2, maxGateways = 5 } = install;
  const endpoint = known(exportTo?.endpoint);
  return [
    ...(tls === undefined ? [] : tlsFaults(tls).map(({ field, message }) => ({ field: `traces.${field}`, message }))),
    ...faultsOf([
      [exportTo === undefined, "traces.exportTo", "is required: traces have to go somewhere"],
      [
        tls === undefined,
        "traces.tls",
        "is required: an issuer, a secretName, or offBecause with what encrypts instead",
      ],
      [
        endpoint !== undefined && portOf(endpoint) === undefined,
        "traces.exportTo.endpoint",
        "must be host:port, such as tempo.tracing.svc:4317",
      ],
      [
        exportTo?.plaintextBecause !== undefined && exportTo.plaintextBecause.trim().length < 10,
        "traces.exportTo.plaintextBecause",
        "must say in a sentence what encrypts the traffic instead",
      ],
      [
        exportTo?.plaintextBecause !== undefined && exportTo.caSecretName !== undefined,
        "traces.exportTo.caSecretName",
        "has no meaning in plain text",
      ],
      whole("traces.tailSampling.decisionWaitSeconds", tailSampling?.decisionWaitSeconds, 1, 300),
      atLeast("traces.tailSampling.slowerThanMilliseconds", tailSampling?.slowerThanMilliseconds, 1, "1"),
      [
        tailSampling?.percent !== undefined && !(tailSampling.percent >= 0 && tailSampling.percent <= 100),
        "traces.tailSampling.percent",
        "must be from 0 to 100",
      ],
      whole("traces.minGateways", minGateways, 1, 100),
      whole("traces.maxGateways", maxGateways, 1, 100),
      [maxGateways < minGateways, "traces.maxGateways", "must not be below minGateways"],
      atLeast("traces.agentMemoryBytes", install.agentMemoryBytes, 128 * MEBIBYTE, "128 MiB"),
      atLeast("traces.gatewayMemoryBytes", install.gatewayMemoryBytes, 256 * MEBIBYTE, "256 MiB"),
    ]),
  ];
}

function logsFaults(logs: LogCollectionArgs): FieldFault[] {
  const { existing, nodes, storageBytes, storageClassName, memoryBytes, memoryMapping, kibana, protect } = logs;
  const url = known(existing?.url);
  const ownOnly = { nodes, storageBytes, storageClassName, memoryBytes, memoryMapping, kibana, protect };
  return [
    ...(existing === undefined ? [] : aloneFaults("logs", "existing", ownOnly)),
    ...faultsOf([
      badValues("logs.operatorChart", logs.operatorChart),
      [url !== undefined && !/^https:\/\/[^/\s]+/.test(url), "logs.existing.url", "must be an https URL"],
      [
        logs.operatorExists === true && logs.operatorChart !== undefined,
        "logs.operatorChart",
        "has no meaning where the operator exists",
      ],
      whole("logs.nodes", nodes, 1, 99),
      // Two nodes elect nobody when one is away.
      [nodes === 2, "logs.nodes", "must not be 2: without a majority the loss of either stops both"],
      whole("logs.retentionDays", logs.retentionDays, 1, 3650),
      atLeast("logs.storageBytes", storageBytes, GIBIBYTE, "1 GiB"),
      atLeast("logs.memoryBytes", memoryBytes, GIBIBYTE, "1 GiB"),
    ]),
  ];
}

function badValues(field: string, chart: ObservabilityChartArgs | undefined): Check {
  const fault = valuesFault(known(chart?.valuesYaml));
  return [fault !== undefined, `${field}.valuesYaml`, fault ?? ""];
}

/** What stands beside the argument that says that something exists already. */
function aloneFaults(part: string, existing: string, others: object): FieldFault[] {
  return Object.entries(others)
    .filter(([, value]) => value !== undefined)
    .map(([field]) => ({ field: `${part}.${field}`, message: `has no meaning beside ${part}.${existing}` }));
}

/** The port of `host:port`. */
export function portOf(endpoint: string): number | undefined {
  const match = /^(?:\[[0-9a-fA-F:]+\]|[^:/\s]+):(\d{1,5})$/.exec(endpoint);
  const port = Number(match?.[1]);
  return port >= 1 && port <= 65535 ? port : undefined;
}

function whole(field: string, value: number | undefined, from: number, to: number): Check {
  const wrong = value !== undefined && !(Number.isInteger(value) && value >= from && value <= to);
  return [wrong, field, `must be a whole number from ${String(from)} to ${String(to)}`];
}

function atLeast(field: string, value: number | undefined, least: number, text: string): Check {
  return [value !== undefined && !(Number.isInteger(value) && value >= least), field, `must be at least ${text}`];
}
