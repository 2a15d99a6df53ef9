/** What the autoscaler says about the workload at one moment. */
interface ReplicaSample {
  /** Seconds since the replay began. */
  atSeconds: number;
  ready: number;
  desired: number;
}

/** Sums up how the replicas followed the load. */
export class ReplicaTrack {
  /** Ready replicas over time, each sample holding until the next. */
  replicaSeconds = 0;
  scaleUps = 0;
  scaleDowns = 0;
  highest = 0;
  last: ReplicaSample | undefined;

  add(sample: ReplicaSample): void {
    if (this.last) {
      this.replicaSeconds += this.last.ready * (sample.atSeconds - this.last.atSeconds);
      if (sample.desired > this.last.desired) this.scaleUps += 1;
      if (sample.desired < this.last.desired) this.scaleDowns += 1;
    }
    this.highest = Math.max(this.highest, sample.ready);
    this.last = sample;
  }
}
