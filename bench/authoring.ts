import { performance } from "node:perf_hooks";
import * as k8s from "@pulumi/kubernetes";
import { KubernetesWorkload } from "../components";
import { record, type Registration } from "../test/support/recording-monitor";
import { type BenchRow, median, spread } from "./contract";

const WORKLOADS = 40;
const REPETITIONS = 9;
const DIGEST = `sha256:${"0".repeat(64)}`;

type Resource = new (name: string, inputs: Record<string, unknown>) => unknown;

/**
 * What a component costs its author's program: the time to declare the same Kubernetes resources as KubernetesWorkloads and
 * one by one with @pulumi/kubernetes, the engine replaced by one that only notes them. Both in one process, in turns.
 */
export async function run(_options: { data?: string } = {}): Promise<BenchRow[]> {
  const components = (): void => {
    for (let index = 0; index < WORKLOADS; index++) {
      new KubernetesWorkload(`service-${String(index)}`, {
        namespace: "bench",
        image: `registry.example/service@${DIGEST}`,
        requests: { cpuCores: 0.1, memoryBytes: 64 * 2 ** 20 },
        replicas: 2,
        ports: [{ name: "http", port: 8080 }],
        readiness: { port: "http", path: "/readyz" },
      });
    }
  };
  const declared = (await record(components)).resources.filter(({ type }) => type.startsWith("kubernetes:"));
  const plain = (): void => {
    for (const { type, name, inputs } of declared) new (classOf(type))(name, inputs);
  };
  await record(plain); // both are warm now
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    ours.push((await milliseconds(components)) / declared.length);
    theirs.push((await milliseconds(plain)) / declared.length);
  }
  return [
    {
      work: `${String(WORKLOADS)} services of ${String(declared.length / WORKLOADS)} resources each (${kindsOf(declared)})`,
      metric: "authoring_ms_per_resource",
      unit: "ms",
      better: "lower",
      ours: median(ours),
      spread: spread(ours),
      peers: { "@pulumi/kubernetes": median(theirs) },
    },
  ];
}

async function milliseconds(program: () => void): Promise<number> {
  const start = performance.now();
  await record(program);
  return performance.now() - start;
}

/** `k8s.apps.v1.Deployment` of `kubernetes:apps/v1:Deployment`. */
function classOf(type: string): Resource {
  const [, group = "", kind = ""] = type.split(":");
  const [name = "", version = ""] = group.split("/");
  const groups = k8s as unknown as Record<string, Record<string, Record<string, Resource>>>;
  const found = groups[name.split(".")[0] ?? ""]?.[version]?.[kind];
  if (!found) throw new Error(`@pulumi/kubernetes has no class for ${type}`);
  return found;
}

function kindsOf(resources: readonly Registration[]): string {
  return [...new Set(resources.map(({ type }) => type.split(":")[2] ?? type))].join(", ");
}
