import type { Logger } from "pino";
import type { Clock } from "../clock";
import type { Metrics } from "../telemetry/metrics";
import { bounded } from "./pauses";

export type Question = "now" | "history" | "forecast";

/** How the chain came to an answer. */
interface Outcome {
  question: Question;
  region: string;
  /** The feed that answered; null where none could. */
  feed: string | null;
  /** Feeds before it that know the region and had no figure without a doubt. */
  passed: readonly string[];
  why: string;
  /** ms since epoch: the date of the data; null where there are none. */
  asOf: number | null;
}

/** Sees what the chain does; says it to operators. */
export interface ChainWatch {
  settled(outcome: Outcome): void;
  /** The feed is configured, and gives forecasts of its own. */
  foretells(feed: string): void;
  /** A forecast was answered with the feed's; `by` is IntensityForecast's. */
  foretold(feed: string, by: string): void;
  /** A question to the feed itself failed. */
  failed(feed: string): void;
}

/** As metrics, labelled by feed alone (regions are callers' text), and a line in the log where the chain falls back and returns. */
export function watchChain(metrics: Metrics, log: Logger, clock: Clock): ChainWatch {
  const answers = metrics.counter("mno_intensity_answers_total", "Answers by the feed that gave them", [
    "feed",
    "question",
  ]);
  const fallbacks = metrics.counter(
    "mno_intensity_fallbacks_total",
    "Answers for which the feed was passed over, though it knows the region",
    ["feed"],
  );
  const unanswered = metrics.counter("mno_intensity_unanswered_total", "Questions that no feed could answer", [
    "question",
  ]);
  const errors = metrics.counter("mno_intensity_errors_total", "Questions to the feed that failed", ["feed"]);
  const forecasts = metrics.counter(
    "mno_intensity_forecasts_total",
    "Forecasts by the feed that answered, and by what in it foretold",
    ["feed", "by"],
  );
  const age = metrics.gauge("mno_intensity_data_age_seconds", "Age of the data behind the feed's last answer", [
    "feed",
  ]);
  const dates = new Map<string, number>();
  Object.assign(age, {
    collect: () => {
      for (const [feed, asOf] of dates) age.set({ feed }, (clock.now() - asOf) / 1000);
    },
  });
  /** Of a bounded number of regions; one that was forgotten would be told of again. */
  const fallen = new Map<string, string>();

  return {
    settled({ question, region, feed, passed, why, asOf }) {
      if (feed === null) unanswered.inc({ question });
      else answers.inc({ feed, question });
      for (const name of passed) fallbacks.inc({ feed: name });
      // A question about the past is answered with old data by right.
      if (feed !== null && asOf !== null && question !== "history") dates.set(feed, asOf);
      const key = `${question} ${region}`;
      const before = fallen.get(key);
      const state = passed.length === 0 && feed !== null ? undefined : `${passed.join()} > ${String(feed)}`;
      if (before === state) return;
      fallen.delete(key);
      if (state === undefined)
        return log.info({ region, question, feed }, "carbon intensity is answered as configured again");
      bounded(fallen).set(key, state);
      log.warn({ region, question, feed, passed, why }, "carbon intensity falls back");
    },
    // There from the start, for by it alerts know the feeds whose own forecasts are missed.
    foretells: (feed) => forecasts.inc({ feed, by: "feed" }, 0),
    foretold: (feed, by) => forecasts.inc({ feed, by }),
    failed: (feed) => errors.inc({ feed }),
  };
}
