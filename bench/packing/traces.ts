import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { NodeSupply } from "../../runtime/scalability/elastic-resource-manager/capacity";
import type { Demand } from "../../runtime/scalability/elastic-resource-manager/demand";
import { WHOLE_GPU } from "../../runtime/scalability/elastic-resource-manager/quantities";

const MIB = 2 ** 20;

/** What one pod of a trace asks for. */
export type PodRequest = Pick<Demand, "amount" | "gpuModels">;

/** Files of a folder in the formats of the openb traces, by what their names say they are. */
export interface TraceFiles {
  /** Every list of pods, by the trace's name. */
  pods: Map<string, string>;
  /** The list of nodes with GPUs, or the only one. */
  nodes: string;
  /** The list of all nodes, or the only one. */
  allNodes: string;
  /** Published allocation by policy; undefined where there is no such file. */
  published: string | undefined;
}

/** Throws an Error that says what is missing. */
export function findTraces(folder: string): TraceFiles {
  const files = existsSync(folder) ? readdirSync(folder).sort() : [];
  const lists = files.filter((file) => file.includes("node_list") && file.endsWith(".csv"));
  const pods = files.filter((file) => file.includes("pod_list") && file.endsWith(".csv"));
  const nodes = lists.find((file) => file.includes("gpu")) ?? lists[0];
  const allNodes = lists.find((file) => file.includes("all")) ?? lists[0];
  if (nodes === undefined || allNodes === undefined || pods.length === 0) {
    throw new Error(
      `no traces in ${folder}: it takes *node_list*.csv (sn,cpu_milli,memory_mib,gpu,model) and *pod_list*.csv ` +
        "(name,cpu_milli,memory_mib,num_gpu,gpu_milli[,gpu_spec]), as in hkust-adsl/kubernetes-scheduler-simulator",
    );
  }
  const published = files.find((file) => file.includes("expected_allocation"));
  return {
    pods: new Map(pods.map((file) => [file.replace(/^.*pod_list_?|\.csv$/g, "") || "trace", join(folder, file)])),
    nodes: join(folder, nodes),
    allNodes: join(folder, allNodes),
    published: published && join(folder, published),
  };
}

export function readNodes(file: string): NodeSupply[] {
  return readCsv(file).map((row) => {
    const gpus = number(row, "gpu");
    return {
      name: text(row, "sn"),
      zone: "z",
      ready: true,
      allocatable: {
        cpuMilli: number(row, "cpu_milli"),
        memoryBytes: number(row, "memory_mib") * MIB,
        ...(gpus > 0 && { gpuMilli: gpus * WHOLE_GPU }),
      },
      ...(row.get("model") && { gpuModel: text(row, "model") }),
    };
  });
}

export function readPods(file: string): PodRequest[] {
  return readCsv(file).map((row) => {
    const devices = number(row, "num_gpu");
    const gpuMilli = devices === 1 ? Math.min(number(row, "gpu_milli"), WHOLE_GPU) : devices * WHOLE_GPU;
    const models = (row.get("gpu_spec") ?? "").split("|").filter((model) => model !== "");
    return {
      amount: {
        cpuMilli: number(row, "cpu_milli"),
        memoryBytes: number(row, "memory_mib") * MIB,
        ...(gpuMilli > 0 && { gpuMilli }),
      },
      ...(gpuMilli > 0 && models.length > 0 && { gpuModels: models }),
    };
  });
}

/** Published GPU allocation at the end of the work, in percent, mean over the seeds: by trace, then by policy. */
export function readPublished(file: string): Map<string, Map<string, number>> {
  const sums = new Map<string, Map<string, { sum: number; count: number }>>();
  for (const row of readCsv(file)) {
    const trace = text(row, "workload").replace(/^.*pod_list_/, "");
    const policy = text(row, "sc_policy").replace(/^\d+-/, "");
    const last = [...row.values()].at(-1);
    const policies = sums.get(trace) ?? new Map<string, { sum: number; count: number }>();
    const { sum, count } = policies.get(policy) ?? { sum: 0, count: 0 };
    sums.set(trace, policies.set(policy, { sum: sum + Number(last), count: count + 1 }));
  }
  return new Map(
    [...sums].map(([trace, policies]) => [
      trace,
      new Map([...policies].map(([policy, { sum, count }]) => [policy, sum / count])),
    ]),
  );
}

/** The rows by their columns' names. No field of these files is quoted. */
function readCsv(file: string): Map<string, string>[] {
  const [header = "", ...lines] = readFileSync(file, "utf8").trim().split(/\r?\n/);
  const names = header.split(",");
  return lines.map((line) => {
    const fields = line.split(",");
    return new Map(names.map((name, column) => [name, fields[column] ?? ""]));
  });
}

function text(row: Map<string, string>, column: string): string {
  const value = row.get(column);
  if (value === undefined) throw new Error(`a row has no column ${column}: ${[...row.keys()].join(",")}`);
  return value;
}

function number(row: Map<string, string>, column: string): number {
  const value = Number(text(row, column));
  if (!Number.isFinite(value)) throw new Error(`column ${column} is "${row.get(column)}", not a number`);
  return value;
}
