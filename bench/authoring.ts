import assert from "node:assert/strict";
import { performance } from "node:perf_hooks";
import * as k8s from "@pulumi/kubernetes";
import { KubernetesWorkload } from "../components";
import { plain, record, type Recording, type Registration } from "../test/support/recording-monitor";
import { type BenchRow, median, spread } from "./contract";

const WORKLOADS = 40;
const WARM_UPS = 3;
const REPETITIONS = 15;
const DIGEST = `sha256:${"0".repeat(64)}`;

type Resource = new (name: string, inputs: Record<string, unknown>) => unknown;

/**
 * What a component costs its author's program: the time to declare the same Kubernetes resources as KubernetesWorkloads and
 * one by one with @pulumi/kubernetes, their inputs written out, the engine replaced by one that only notes them. Per
 * Kubernetes resource; the components' own registrations are part of their price. Both in one process, taking turns at
 * going first, after each ran often enough to be compiled. That both declare the same is checked before anything is measured.
 */
export async function run(_options: { data?: string } = {}): Promise<BenchRow[]> {
  const declared = kubernetesOf(await record(components));
  const written = declared.map(({ type, name, inputs }) => ({ make: classOf(type), name, inputs: spoken(inputs) }));
  const oneByOne = (): void => {
    for (const { make, name, inputs } of written) new make(name, inputs);
  };
  assert.deepEqual(comparable(kubernetesOf(await record(oneByOne))), comparable(declared));

  const ours: number[] = [];
  const theirs: number[] = [];
  const turn = async (program: () => void, samples: number[]): Promise<void> => {
    samples.push((await milliseconds(program)) / declared.length);
  };
  for (let repetition = -WARM_UPS; repetition < REPETITIONS; repetition++) {
    if (repetition === 0) ours.length = theirs.length = 0;
    const turns = [() => turn(components, ours), () => turn(oneByOne, theirs)];
    for (const go of repetition % 2 === 0 ? turns : turns.reverse()) await go();
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

function components(): void {
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
}

async function milliseconds(program: () => void): Promise<number> {
  const start = performance.now();
  await record(program);
  return performance.now() - start;
}

/** What goes to the Kubernetes provider, and no component. */
function kubernetesOf({ resources }: Recording): Registration[] {
  return resources.filter(({ type, custom }) => custom && type.startsWith("kubernetes:"));
}

/** Without apiVersion and kind: the SDK's classes write them themselves. */
function spoken(inputs: Record<string, unknown>): Record<string, unknown> {
  const { apiVersion: _, kind: __, ...rest } = plain(inputs) as Record<string, unknown>;
  return rest;
}

function comparable(resources: readonly Registration[]): unknown[] {
  return resources
    .map(({ type, name, inputs }) => ({ type, name, inputs: plain(inputs) }))
    .sort((a, b) => `${a.type} ${a.name}`.localeCompare(`${b.type} ${b.name}`));
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
