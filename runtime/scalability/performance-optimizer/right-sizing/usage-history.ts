import { CPU_BUCKETS, CPU_SAMPLE_WEIGHT, MEMORY_BUCKETS } from "./buckets";
import { DecayingHistogram, type HistogramCheckpoint } from "./decaying-histogram";

const DAY = 24 * 3600 * 1000;
/** Milliseconds in which a sample loses half of its weight. */
const HALF_LIFE_MILLISECONDS = DAY;
/** Memory counts by its peak in each such span. */
const MEMORY_INTERVAL_MILLISECONDS = DAY;
/** After it ran out of memory a workload needs the larger of so many times and so many bytes more than it had. */
const OOM_BUMP = { ratio: 1.2, bytes: 100 * 1024 * 1024 } as const;

export interface UsageCheckpoint {
  cpu: HistogramCheckpoint;
  memory: HistogramCheckpoint;
  firstSample: number | null;
  lastSample: number | null;
  cpuSamples: number;
  /** Milliseconds of CPU samples that should have come and did not. */
  missingMilliseconds: number;
}

/**
 * What is known of one workload's usage: a distribution of CPU samples and one of daily memory peaks, over all its
 * replicas. As the Vertical Pod Autoscaler's AggregateContainerState. Times are milliseconds since the epoch.
 */
export class UsageHistory {
  readonly cpu = new DecayingHistogram(CPU_BUCKETS, HALF_LIFE_MILLISECONDS);
  /** Peaks in bytes. */
  readonly memory = new DecayingHistogram(MEMORY_BUCKETS, HALF_LIFE_MILLISECONDS);
  firstSample: number | null = null;
  lastSample: number | null = null;
  cpuSamples = 0;
  missingMilliseconds = 0;

  addCpu(cores: number, time: number): void {
    this.cpu.add(cores, CPU_SAMPLE_WEIGHT, time);
    this.firstSample = Math.min(this.firstSample ?? time, time);
    this.lastSample = Math.max(this.lastSample ?? time, time);
    this.cpuSamples += 1;
  }

  /**
   * How much the history says: N after N days of one sample a minute; the smaller of the span in days and of the samples in
   * days' worth of minutes.
   */
  get confidenceDays(): number {
    const span = ((this.lastSample ?? 0) - (this.firstSample ?? 0)) / DAY;
    return Math.min(span, this.cpuSamples / (DAY / 60_000));
  }

  save(): UsageCheckpoint {
    const { firstSample, lastSample, cpuSamples, missingMilliseconds } = this;
    const [cpu, memory] = [this.cpu.save(), this.memory.save()];
    return { cpu, memory, firstSample, lastSample, cpuSamples, missingMilliseconds };
  }

  /** Errors: MNO_CHECKPOINT_INVALID. */
  static load(checkpoint: UsageCheckpoint): UsageHistory {
    const history = new UsageHistory();
    history.cpu.load(checkpoint.cpu);
    history.memory.load(checkpoint.memory);
    const { firstSample, lastSample, cpuSamples, missingMilliseconds } = checkpoint;
    return Object.assign(history, { firstSample, lastSample, cpuSamples, missingMilliseconds });
  }
}

/**
 * One replica's samples on their way into its workload's history: what is out of order is refused, and of memory only the
 * peak of each day counts. As the Vertical Pod Autoscaler's ContainerState.
 */
export class ReplicaUsage {
  private lastCpu = -Infinity;
  private lastMemory = -Infinity;
  private windowEnd: number | undefined;
  private peak = 0;
  private oomPeak = 0;

  constructor(private readonly history: UsageHistory) {}

  /** false where the sample is a repetition or older than one before it. */
  addCpu(cores: number, time: number): boolean {
    if (time <= this.lastCpu) return false;
    this.history.addCpu(cores, time);
    this.lastCpu = time;
    return true;
  }

  addMemory(bytes: number, time: number): boolean {
    if (time < this.lastMemory) return false;
    this.record(bytes, time, "peak");
    return true;
  }

  /** Counts as a peak of what the replica would have needed; false where it is too old to say anything. */
  outOfMemory(requestedBytes: number, time: number): boolean {
    if (time < this.lastMemory - MEMORY_INTERVAL_MILLISECONDS) return false;
    const used = Math.max(requestedBytes, this.peak);
    this.record(Math.trunc(Math.max(used + OOM_BUMP.bytes, used * OOM_BUMP.ratio)), time, "oomPeak");
    return true;
  }

  private record(bytes: number, time: number, as: "peak" | "oomPeak"): void {
    this.lastMemory = time;
    this.windowEnd ??= time;
    if (time < this.windowEnd) {
      const before = Math.max(this.peak, this.oomPeak);
      if (before === 0 || bytes <= before) return;
      this.history.memory.subtract(before, 1, this.windowEnd);
    } else {
      const intervals = Math.trunc((time - this.windowEnd) / MEMORY_INTERVAL_MILLISECONDS) + 1;
      this.windowEnd += intervals * MEMORY_INTERVAL_MILLISECONDS;
      this.peak = this.oomPeak = 0;
    }
    this.history.memory.add(bytes, 1, this.windowEnd);
    this[as] = bytes;
  }
}
