import { parentPort } from "node:worker_threads";
import { campaign } from "./campaign";
import { targets } from "./targets";

export interface Order {
  readonly target: string;
  readonly inputs: number;
  readonly seed: number;
}

/** One target after another, as ordered; each answer is its outcome. */
parentPort?.on("message", ({ target, inputs, seed }: Order) => {
  const found = targets().find(({ name }) => name === target);
  if (!found) throw new Error(`there is no target ${target}`);
  void campaign(found, inputs, seed).then((outcome) => parentPort?.postMessage(outcome));
});
