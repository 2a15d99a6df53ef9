import type { Knowledge } from "./engine";
import { History } from "./history/history";
import type { BehaviourStore, CountRow, Population } from "./store";
import type { TravelRules } from "./travel/travel";
import { calibrate, type Calibration, priorCalibration, probabilityOf, reliability } from "./trust/calibration";
import { chooseThresholds, type Rates, type Thresholds } from "./trust/thresholds";

/** Values of each level over all users that one process keeps in mind. */
const CAPACITY = 100_000;
/** Transactions commit after they read the time: what this look saw may still miss what is as old. */
const OVERLAP_MILLISECONDS = 60_000;

export interface KnowledgeOptions {
  store: BehaviourStore;
  halfLife: number;
  rates: Rates;
  attackProbability: number;
  travel: TravelRules;
  coldStart: "step-up" | "trust";
}

/** What all users have in common, as of the last look at the database: histories, calibration, thresholds. */
export class CommonKnowledge {
  private readonly populations: Record<Population, History>;
  private seen = 0;
  private users = 0;
  private calibration: Calibration;
  private thresholds: Thresholds;
  /** Expected calibration error of the labels that there are. */
  calibrationError: number | undefined;

  constructor(
    private readonly options: KnowledgeOptions,
    now: number,
  ) {
    this.populations = {
      all: new History(options.halfLife, CAPACITY, now),
      fraud: new History(options.halfLife, CAPACITY, now),
    };
    this.calibration = priorCalibration(options.attackProbability);
    this.thresholds = chooseThresholds([], options.rates, this.calibration);
  }

  get current(): Knowledge {
    const { all, fraud } = this.populations;
    const { travel, coldStart } = this.options;
    return {
      all,
      fraud,
      users: this.users,
      travel,
      coldStart,
      calibration: this.calibration,
      thresholds: this.thresholds,
    };
  }

  /** Reads what replicas added since the last look; repeated reading changes nothing. */
  async refresh(): Promise<void> {
    const { store, rates, attackProbability } = this.options;
    const { now, rows } = await store.countsSince(this.seen - OVERLAP_MILLISECONDS);
    for (const row of rows) this.take(row);
    this.seen = now;
    this.users = await store.users();
    const { labels, genuine, fraud } = await store.labels();
    const kept = { fraud: labels.filter((label) => label.fraud).length, genuine: 0 };
    kept.genuine = labels.length - kept.fraud;
    const share = (all: number, some: number): number => (some === 0 ? 1 : all / some);
    this.calibration = calibrate(labels, priorCalibration(attackProbability), {
      genuine: share(genuine, kept.genuine),
      fraud: share(fraud, kept.fraud),
    });
    const scores = labels.filter((label) => !label.fraud).map(({ score }) => score);
    this.thresholds = chooseThresholds(scores, rates, this.calibration);
    this.calibrationError =
      labels.length === 0
        ? undefined
        : reliability(labels.map((label) => ({ ...label, probability: probabilityOf(label.score, this.calibration) })))
            .error;
  }

  private take({ population, dimension, key, weight, time }: CountRow): void {
    this.populations[population].of(dimension).set(key, weight, time);
  }
}
