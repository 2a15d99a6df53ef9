import { architectureOf } from "../../kernel/energy/architecture";
import { calibrate } from "../../kernel/energy/calibrated";
import { networkKwh } from "../../kernel/energy/components";
import type { PowerModel } from "../../kernel/energy/power-model";
import type { ClusterNode } from "../../kernel/cluster/cluster";
import type { AgentContext } from "../../kernel/lifecycle/agent";
import type { Configuration } from "./configuration";
import { emptyStretch, extend, settle, type Stretch, utilisationOf } from "./engine";
import { recordId } from "./ids";
import { instanceType } from "./instance-type";
import { intensityOver } from "./intensity-over";
import type { Instruments } from "./instruments";
import type { LocalMachine } from "./local-machine";
import { type NodeProfile, profileOf } from "./node-profile";
import { energyOfProcesses, type ProcessEnergies } from "./process-energy";
import type { Recorder } from "./recorder";
import { type EnergyRecord, recordOf } from "./record";
import type { Sampler } from "./sampler";
import type { EnergyStore } from "./store";

type Context = Pick<AgentContext<Configuration>, "config" | "clock" | "random" | "intensity" | "log" | "cluster">;

interface Watched {
  /** What the profile rests on; another one, and the node is another machine. */
  facts: string;
  profile: NodeProfile;
  /** Calibrated where there are measurements. */
  model: PowerModel;
  stretch: Stretch;
  /** When a failure to record was last told. */
  warnedAt?: number;
  /** Settled, and not known to be stored: whether a commit whose answer was lost has happened, only trying again can tell. */
  unsaved?: EnergyRecord;
}

/** The time of day is this far from what the samples add up to: it was set, or the machine was asleep. */
const STEP_MILLISECONDS = 1000;

/** Adds up what each node uses and hands it on, a record at a time. What can not be recorded yet goes on adding up. */
export class Monitor {
  private readonly watched = new Map<string, Watched>();
  private latestProcesses: ProcessEnergies | undefined;

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
    const sampled = await this.sampler.sample();
    const now = this.context.clock.now();
    const changed = new Set<string>();
    for (const { node, sample } of sampled) {
      const known = this.watched.get(node.name);
      const facts = factsOf(node);
      if (!known) {
        // Seen for the first time: nobody knows since when it has been there.
        this.watched.set(node.name, { facts, ...(await this.profile(node)), stretch: emptyStretch(now) });
      } else {
        if (sample) known.stretch = extend(known.stretch, sample, known.profile, known.model);
        if (known.facts !== facts) changed.add(node.name);
      }
    }
    stop();
    const present = new Map(sampled.map(({ node }) => [node.name, node]));
    for (const [name, watched] of [...this.watched]) {
      const isGone = !present.has(name);
      const isComplete = isGone || changed.has(name) || this.isDue(watched.stretch, now);
      if (isComplete || watched.unsaved) await this.record(name, watched, isComplete);
      if (watched.unsaved || watched.stretch.seconds > 0) continue;
      if (isGone) this.watched.delete(name);
      else if (changed.has(name)) {
        const node = present.get(name)!;
        this.watched.set(name, { ...watched, facts: factsOf(node), ...(await this.profile(node)) });
      }
    }
  }

  /** Records what has added up, at the end. */
  async flush(): Promise<void> {
    for (const [name, watched] of this.watched) await this.record(name, watched, true);
  }

  /** Looks at the measurements anew: some were added. */
  async recalibrate(node: string): Promise<void> {
    const known = this.watched.get(node);
    if (known) known.model = await this.model(known.profile);
  }

  /** What is known of a node; undefined where it was not seen yet. */
  profileOf(node: string): Pick<Watched, "profile" | "model"> | undefined {
    return this.watched.get(node);
  }

  /** Whose the last record of this machine was, by process; undefined before it, and where processes can not be seen. */
  processes(): ProcessEnergies | undefined {
    return this.latestProcesses;
  }

  private isDue({ from, to }: Stretch, now: number): boolean {
    const milliseconds = this.context.config.MNO_CARBON_RECORD_SECONDS * 1000;
    return Math.floor(to / milliseconds) > Math.floor(from / milliseconds) || hasStepped(to, now);
  }

  /** Stores what was not, and what has added up where that is complete. */
  private async record(name: string, watched: Watched, isComplete: boolean): Promise<void> {
    const { config, log, clock } = this.context;
    let what: "intensity" | "store" = "store";
    try {
      if (watched.unsaved) await this.save(watched, watched.unsaved);
      const { stretch } = watched;
      if (!isComplete || stretch.seconds === 0) return;
      what = "intensity";
      const record = await this.settle(watched);
      what = "store";
      watched.unsaved = record;
      const now = clock.now();
      watched.stretch = emptyStretch(hasStepped(stretch.to, now) ? now : stretch.to);
      await this.save(watched, record);
      if (stretch.processes.size > 0) this.latestProcesses = energyOfProcesses(record, stretch);
      await this.learn(watched, stretch);
    } catch (error) {
      this.instruments.late(what);
      // Tried at every look, told as often as there would be a record.
      const now = clock.now();
      const { MNO_CARBON_RECORD_SECONDS: seconds } = config;
      if (watched.warnedAt !== undefined && Math.abs(now - watched.warnedAt) < seconds * 1000) return;
      watched.warnedAt = now;
      log.warn(
        { err: error, node: name, region: watched.profile.region, what },
        "the node's energy could not be recorded yet; it goes on adding up",
      );
    }
  }

  private async settle({ profile, model, stretch }: Watched): Promise<EnergyRecord> {
    const { config, intensity, clock, random } = this.context;
    const figure = await intensityOver(intensity, profile, stretch, 2000 * config.MNO_CARBON_RECORD_SECONDS);
    const rules = { idle: config.MNO_CARBON_IDLE_RULE, system: config.MNO_CARBON_SYSTEM_RULE };
    const kwh = networkKwh(stretch.networkBytes, config.MNO_CARBON_NETWORK_KWH_PER_GB);
    const id = recordId(clock.now(), random);
    const measured = settle(stretch, profile, model, figure, rules, kwh);
    return recordOf({ id, stretch, profile, model, intensity: figure, rules, networkKwh: kwh }, measured);
  }

  private async save(watched: Watched, record: EnergyRecord): Promise<void> {
    try {
      await this.recorder.write(record);
    } catch (error) {
      // Of the same ms there is another one, from before the clock was set back: this one begins a little later.
      if (isTaken(error)) watched.unsaved = { ...record, from: new Date(Date.parse(record.from) + 1).toISOString() };
      throw error;
    }
    delete watched.unsaved;
    delete watched.warnedAt;
  }

  /** A stretch that RAPL measured in full is a point of the node's own curve. */
  private async learn({ profile }: Watched, stretch: Stretch): Promise<void> {
    if (stretch.measuredSeconds !== stretch.seconds) return;
    const watts = stretch.processorJoules / stretch.seconds;
    const share = stretch.frequencySeconds / stretch.seconds;
    const frequencyShare = Number.isNaN(share) ? undefined : share;
    const point = { utilisation: utilisationOf(stretch, profile.cores), watts, frequencyShare };
    await this.store.addMeasurement(profile.node, stretch.to, "rapl", point);
    await this.recalibrate(profile.node);
  }

  private async profile(node: ClusterNode): Promise<Pick<Watched, "profile" | "model">> {
    const { config, cluster } = this.context;
    const facts =
      cluster.kind === "local"
        ? {
            cores: this.machine.cores,
            memoryBytes: this.machine.memoryBytes,
            architecture: architectureOf(this.machine.processorName),
          }
        : {
            cores: node.capacity.cpuCores,
            memoryBytes: node.capacity.memoryBytes,
            instance: INSTANCE_LABELS.map((label) => instanceType(node.labels[label])).find((type) => type),
          };
    const profile = profileOf(
      { name: node.name, labels: node.labels, ...facts },
      config.MNO_CARBON_NODES,
      config.MNO_CARBON_REGION,
    );
    return { profile, model: await this.model(profile) };
  }

  private async model(profile: NodeProfile): Promise<PowerModel> {
    const { points, sources } = await this.store.measurements(profile.node);
    return calibrate(points, sources.join(" and "), profile.model) ?? profile.model;
  }
}

const INSTANCE_LABELS = ["node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type"];

const factsOf = ({ labels, capacity }: ClusterNode): string => JSON.stringify([labels, capacity]);

/** PostgreSQL's unique_violation. */
const isTaken = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === "23505";

const hasStepped = (to: number, now: number): boolean => Math.abs(now - to) > STEP_MILLISECONDS;
