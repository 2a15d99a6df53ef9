import assert from "node:assert/strict";
import { ManualClock } from "../../../runtime/kernel/clock";
import { Desk } from "../../../runtime/scalability/resource-pool-manager/desk";
import type { Operation, Outcome } from "../../../runtime/scalability/resource-pool-manager/operations";

describe("a pool's desk", () => {
  it("takes the next turn at once for who comes to wait while a turn is in flight", async () => {
    const clock = new ManualClock(0); // it stands still: what sleeps, sleeps for ever
    const turns: ((outcomes: Outcome[]) => void)[] = [];
    let begun = (): void => undefined;
    const desk = new Desk({
      clock,
      pollMilliseconds: 250,
      turn: (_: readonly Operation[]) =>
        new Promise((resolve) => {
          turns.push(resolve);
          begun();
        }),
      onIdle: () => undefined,
    });
    const next = (): Promise<void> => new Promise((resolve) => (begun = resolve));
    const ask = (name: string): Promise<Outcome> =>
      desk.acquire(
        {
          kind: "acquire",
          ticket: `tkt_${name}`,
          leaseId: `lse_${name}`,
          request: { holder: name, count: 1, leaseSeconds: null, site: null },
          key: null,
          askedAt: 0,
        },
        10_000,
        new AbortController().signal,
        () => undefined,
      );
    const first = next();
    const one = ask("one");
    await first;
    const second = next();
    const two = ask("two");
    turns[0]!([{ kind: "done" }]);
    assert.deepEqual(await one, { kind: "done" });
    await second;
    turns[1]!([{ kind: "done" }]);
    assert.deepEqual(await two, { kind: "done" });
    await desk.idle();
  });
});
