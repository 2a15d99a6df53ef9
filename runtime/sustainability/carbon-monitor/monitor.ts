import { AWS_INSTANCE_LINES } from "../../../factors/aws-instances";
import { architectureOf } from "../../kernel/energy/architecture";
import { calibrate } from "../../kernel/energy/calibrated";
import { networkKwh } from "../../kernel/energy/components";
import type { ClusterNode } from "../../kernel/cluster/cluster";
import type { AgentContext } from "../../kernel/lifecycle/agent";
import type { Configuration } from "./configuration";
import { emptyStretch, extend, settle, type Stretch, utilisationOf } from "./engine";
import { recordId } from "./ids";
import { intensityOver } from "./intensity-over";
import type { Instruments } from "./instruments";
import type { LocalMachine } from "./local-machine";
import { type NodeProfile, profileOf } from "./node-profile";
import type { Recorder } from "./recorder";
import { recordOf, type RecordInput } from "./record";
import type { Sampler } from "./sampler";
import type { EnergyStore } from "./store";

type Context = Pick<AgentContext<Configuration>, "config" | "clock" | "random" | "intensity" | "log" | "cluster">;

interface Watched {
  profile: NodeProfile;
  /** Calibrated where there are measurements. */
  model: RecordInput["model"];
  stretch: Stretch;
}

/** Adds up what each node uses and hands it on, a record at a time. What can not be recorded yet goes on adding up. */
export class Monitor {
  private readonly watched = new Map<string, Watched>();

  constructor(
    private readonly context: Context,
    private readonly sampler: Sampler,
    private readonly machine: LocalMachine,
    private readonly store: EnergyStore,
    private readonly recorder: Recorder,
    private readonly instruments: Instruments,
  ) {}

  /** One look at all nodes, and the records that are due. */
  async round(): Promise<void> {
    const stop = this.instruments.sampleTimer();
    const now = this.context.clock.now();
    const sampled = await this.sampler.sample(now);
    for (const { node, sample } of sampled) {
      const known = this.watched.get(node.name);
      if (!known) {
        // Seen for the first time: nobody knows since when it has been there.
        this.watched.set(node.name, { ...(await this.profile(node)), stretch: emptyStretch(now) });
      } else if (sample) {
        const stretch = extend(known.stretch, sample, known.profile, known.model, now);
        this.watched.set(node.name, { ...known, stretch });
      }
    }
    stop();
    const present = new Set(sampled.map(({ node }) => node.name));
    const milliseconds = this.context.config.MNO_CARBON_RECORD_SECONDS * 1000;
    for (const [name, { stretch }] of [...this.watched]) {
      const isDue = Math.floor(now / milliseconds) > Math.floor(stretch.from / milliseconds);
      if (isDue || !present.has(name)) await this.record(name);
      if (!present.has(name) && this.watched.get(name)?.stretch.seconds === 0) this.watched.delete(name);
    }
  }

  /** Records what has added up, at the end. */
  async flush(): Promise<void> {
    for (const name of this.watched.keys()) await this.record(name);
  }

  /** Looks at the measurements anew: some were added. */
  async recalibrate(node: string): Promise<void> {
    const known = this.watched.get(node);
    if (known) this.watched.set(node, { ...known, model: await this.model(known.profile) });
  }

  /** What is known of a node; undefined where it was not seen yet. */
  profileOf(node: string): Pick<Watched, "profile" | "model"> | undefined {
    return this.watched.get(node);
  }

  private async record(name: string): Promise<void> {
    const { config, intensity, log, clock, random } = this.context;
    const { profile, model, stretch } = this.watched.get(name)!;
    if (stretch.seconds === 0) return;
    let what: "intensity" | "store" = "intensity";
    try {
      const figure = await intensityOver(intensity, profile.region, stretch, 2000 * config.MNO_CARBON_RECORD_SECONDS);
      what = "store";
      const idleRule = config.MNO_CARBON_IDLE_RULE;
      const kwh = networkKwh(stretch.networkBytes, config.MNO_CARBON_NETWORK_KWH_PER_GB);
      const id = recordId(clock.now(), random);
      const measured = settle(stretch, profile, model, figure, idleRule, kwh);
      const input = { id, stretch, profile, model, intensity: figure, idleRule, networkKwh: kwh };
      await this.recorder.write(recordOf(input, measured));
    } catch (error) {
      this.instruments.late(what);
      return log.warn(
        { err: error, node: name, region: profile.region, what },
        "the node's energy could not be recorded yet; it goes on adding up",
      );
    }
    this.watched.set(name, { profile, model, stretch: emptyStretch(stretch.to) });
    if (stretch.measuredSeconds === stretch.seconds) {
      const watts = stretch.processorJoules / stretch.seconds;
      const point = { utilisation: utilisationOf(stretch, profile.cores), watts };
      await this.store.addMeasurement(name, stretch.to, "rapl", point);
      await this.recalibrate(name);
    }
  }

  private async profile(node: ClusterNode): Promise<Pick<Watched, "profile" | "model">> {
    const { config, cluster } = this.context;
    const isLocal = cluster.kind === "local";
    const facts = {
      name: node.name,
      labels: node.labels,
      cores: isLocal ? this.machine.cores : node.capacity.cpuCores,
      memoryBytes: isLocal ? this.machine.memoryBytes : node.capacity.memoryBytes,
      architecture: isLocal
        ? architectureOf(this.machine.processorName)
        : instanceArchitecture(node.labels["node.kubernetes.io/instance-type"]),
    };
    const profile = profileOf(facts, config.MNO_CARBON_NODES, config.MNO_CARBON_REGION);
    return { profile, model: await this.model(profile) };
  }

  private async model(profile: NodeProfile): Promise<Watched["model"]> {
    const { points, sources } = await this.store.measurements(profile.node);
    return calibrate(points, sources.join(" and "), profile.model) ?? profile.model;
  }
}

/** The processor of an AWS instance type; undefined of any other. */
function instanceArchitecture(type: string | undefined): string | undefined {
  const [family, size] = type?.split(".") ?? [];
  if (family === undefined || size === undefined) return undefined;
  for (const line of AWS_INSTANCE_LINES.split("\n")) {
    const [name, architecture, sizes = ""] = line.split("|");
    if (name === family && sizes.split(",").some((one) => one.startsWith(`${size} `))) return architecture;
  }
  return undefined;
}
