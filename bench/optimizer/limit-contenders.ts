import { AdaptiveLimit } from "../../runtime/kernel/concurrency-limit/adaptive";
import { AimdLimit } from "../../runtime/kernel/concurrency-limit/aimd";
import { FixedLimit } from "../../runtime/kernel/concurrency-limit/fixed";
import { Gradient2Limit } from "../../runtime/kernel/concurrency-limit/gradient2";
import { VegasLimit } from "../../runtime/kernel/concurrency-limit/vegas";
import { WindowedLimit } from "../../runtime/kernel/concurrency-limit/windowed";
import { seeded } from "../../runtime/kernel/random";
import type { Contender } from "./limit-simulation";

/** Ours with its short queue, the peers as published: who finds the limit reached is turned away. */
export const CONTENDERS: Record<string, (knee: number) => Contender> = {
  ours: () => ({ limit: new AdaptiveLimit(), queue: true }),
  gradient2: () => ({ limit: new WindowedLimit(new Gradient2Limit()), queue: false }),
  vegas: () => ({ limit: new VegasLimit(seeded(1)), queue: false }),
  aimd: () => ({ limit: new AimdLimit(), queue: false }),
  /** Who knows the knee at the start and is never told again: cockatiel's bulkhead. */
  "fixed at the first knee": (knee) => ({ limit: new FixedLimit(knee), queue: false }),
};
