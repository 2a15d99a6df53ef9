import { seeded } from "../../../kernel/random";
import { CONCENTRATORS } from "../ensemble/families";
import { type Assumption, select, type TrainingSet } from "../ensemble/training";

export interface TrainingInput {
  numeric: number;
  categorical: number;
  raw: Float64Array;
  count: number;
  assumption: Assumption;
  seed: number;
  /** Its first number is the share that is done; in shared memory, so that who waits can look. */
  progress: SharedArrayBuffer;
}

/** Runs on a worker thread. The same input gives the same set. */
export default function train(input: TrainingInput): TrainingSet {
  const done = new Float64Array(input.progress);
  const rows = { raw: input.raw, count: input.count };
  const work = select(input, CONCENTRATORS, rows, input.assumption, seeded(input.seed));
  for (;;) {
    const step = work.next();
    if (step.done === true) {
      done[0] = 1;
      return step.value;
    }
    done[0] = step.value;
  }
}
