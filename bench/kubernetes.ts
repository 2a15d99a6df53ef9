import { join } from "node:path";
import { createInterface } from "node:readline";
import { vendorCharts } from "../test/support/kubernetes/charts";
import { Objects } from "../test/support/kubernetes/objects";
import { PlatformStack } from "../test/support/kubernetes/platform-stack";
import { StandIns } from "../test/support/kubernetes/stand-ins";
import { clusterDown, clusterUp, openCluster } from "../tools/cluster/cluster";
import type { OwnCluster } from "../tools/cluster/own-cluster";
import { type BenchRow, median, spread } from "./contract";
import { type Line, type Phases, phasesOf } from "./pulumi-timeline";

const REPETITIONS = 3;
/** What takes longer is done once; its spread is then 0. */
const REPEATED_BELOW_SECONDS = 60;
const NAMESPACE = "machine-native-ops";
const PROFILES = ["minimal", "standard", "full"] as const;
/** The CLI as a user has it writes its state before and after every step; as the tests have it, once, at the end. */
const CHECKPOINTS = { PULUMI_SKIP_CHECKPOINTS: "false" };

interface Update {
  seconds: number;
  phases: Phases;
}

/**
 * The kubernetes stack on the test cluster of this machine, by profile: seconds of `preview` on an empty cluster, without and
 * with both policy packs; of the first `up` until every pod of the platform is ready, and where they go; of a second `up`
 * with nothing to change; of `destroy`; and the number of resources. Whole commands of the CLI as a user types them.
 *
 * Where the seconds go: policy packs are the difference of the previews with and without them. State writes are the
 * difference of two first ups, the second with the CLI's checkpoints skipped. The rest is told by when the CLI prints its
 * events during that second one: until the first resource, program, SDK and plugins are loaded; while nothing is under way but
 * Deployments, StatefulSets, Jobs and Services, pods are waited for; everything else is the provider and the API server at
 * work. Definitions come from files; operators and storage are the tests' stand-ins; the charts' own pods are not waited for
 * with `full`, whose images no test can pull, nor has it a Prometheus of its own. All shares the machine's cores: cluster, CLI,
 * provider and the pods themselves.
 */
export async function run(_options: { data?: string } = {}): Promise<BenchRow[]> {
  const wasUp = (await openCluster()) !== undefined;
  const cluster = await clusterUp();
  try {
    const rows: BenchRow[] = [];
    for (const profile of PROFILES) rows.push(...(await measure(cluster, profile)));
    return rows;
  } finally {
    if (!wasUp) await clusterDown();
  }
}

async function measure(cluster: OwnCluster, profile: string): Promise<BenchRow[]> {
  const stack = await open(cluster, profile, CHECKPOINTS);
  const unwritten = await open(cluster, profile);
  const standIns = new StandIns(new Objects(cluster.kubeconfig), NAMESPACE, stack.images.postgres);
  try {
    const preview = await repeated(() => update(stack, "preview"));
    const withPolicies = await repeated(() => update(stack, "preview", ...stack.withPolicies()));
    const ups: number[] = [];
    const noops: number[] = [];
    const destroys: number[] = [];
    let resources = 0;
    do {
      ups.push((await update(stack, "up")).seconds);
      noops.push((await update(stack, "up", "--expect-no-changes")).seconds);
      resources = (await stack.project.export()).resources.length;
      destroys.push((await update(stack, "destroy")).seconds);
    } while (again(ups));
    const bare: Update[] = [];
    do {
      bare.push(await update(unwritten, "up"));
      await update(unwritten, "destroy");
    } while (again(bare.map(({ seconds }) => seconds)));

    const row = (what: string, metric: string, samples: readonly number[], unit = "s"): BenchRow => ({
      work: `${profile}: ${what}`,
      metric,
      unit,
      better: "lower",
      ours: median(samples),
      spread: spread(samples),
      peers: {},
    });
    const previews = preview.map(({ seconds }) => seconds);
    const judged = withPolicies.map(({ seconds }) => seconds);
    const phase = (name: keyof Phases): number[] => bare.map(({ phases }) => phases[name]);
    return [
      row("resources in the state", "resources", [resources], "1"),
      row("first preview, no policy packs", "preview_s", previews),
      row("first preview, both policy packs", "preview_with_policies_s", judged),
      row("of that, policy packs", "preview_policies_s", [median(judged) - median(previews)]),
      row("first up, until every pod is ready", "up_s", ups),
      row("of that, CLI, plugins, SDK and program until the first resource", "up_loading_s", phase("loading")),
      row("of that, provider and API server", "up_objects_s", phase("objects")),
      row("of that, nothing but waiting for pods", "up_pods_s", phase("pods")),
      row("of that, state writes", "up_state_s", [median(ups) - median(bare.map(({ seconds }) => seconds))]),
      row("second up, nothing to change", "noop_up_s", noops),
      row("destroy", "destroy_s", destroys),
    ];
  } finally {
    await stack.destroy();
    await unwritten.destroy();
    await standIns.close();
    await stack.close();
    await unwritten.close();
  }
}

async function open(cluster: OwnCluster, profile: string, environment?: NodeJS.ProcessEnv): Promise<PlatformStack> {
  const stack = await PlatformStack.create(cluster, NAMESPACE, environment);
  stack.configure({
    profile,
    ...(profile === "full" && {
      prometheus: "existing",
      traceExport: "tempo.tracing.svc:4317",
      chartDirectory: await vendorCharts(join(stack.project.state, "charts")),
      awaitCharts: false,
    }),
  });
  return stack;
}

async function repeated(measurement: () => Promise<Update>): Promise<Update[]> {
  const all: Update[] = [];
  do all.push(await measurement());
  while (again(all.map(({ seconds }) => seconds)));
  return all;
}

/** Whether one more is wanted after these. */
function again(seconds: readonly number[]): boolean {
  return seconds.length < REPETITIONS && Math.max(...seconds) < REPEATED_BELOW_SECONDS;
}

/** One command of the CLI; it fails where the command does, with what that said. */
async function update(stack: PlatformStack, command: "preview" | "up" | "destroy", ...args: string[]): Promise<Update> {
  const unasked = command === "preview" ? [] : ["--yes", "--skip-preview"];
  const start = performance.now();
  const child = stack.project.start(command, "--json", ...unasked, ...stack.project.settings, ...args);
  const lines: Line[] = [];
  const note = (text: string): void => void lines.push({ at: performance.now() - start, text });
  for (const stream of [child.stdout, child.stderr]) if (stream) createInterface({ input: stream }).on("line", note);
  const code = await new Promise((resolve) => child.once("close", resolve));
  const end = performance.now() - start;
  if (code !== 0)
    throw new Error(`${command} ended with ${String(code)}:\n${lines.map(({ text }) => text).join("\n")}`);
  return { seconds: end / 1000, phases: phasesOf(lines, end) };
}
