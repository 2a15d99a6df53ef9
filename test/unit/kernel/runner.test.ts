import assert from "node:assert/strict";
import { Type } from "@sinclair/typebox";
import { pino } from "pino";
import { ManualClock } from "../../../runtime/kernel/clock";
import { type Election, SOLE_LEADER } from "../../../runtime/kernel/cluster/leases/election";
import { DEFAULT_LIMITS } from "../../../runtime/kernel/http/app";
import type { AgentContext } from "../../../runtime/kernel/lifecycle/agent";
import { type Attempt, currentAttempt } from "../../../runtime/kernel/lifecycle/attempt";
import type { Infrastructure } from "../../../runtime/kernel/lifecycle/infrastructure";
import { AgentRunner } from "../../../runtime/kernel/lifecycle/runner";
import { createMetrics } from "../../../runtime/kernel/telemetry/metrics";
import { tracer } from "../../../runtime/kernel/telemetry/traces";

/** An agent of the test in the real runner, on a clock that the test moves. */
function runnerOf(start: (context: AgentContext) => Promise<void>, election: Election = SOLE_LEADER) {
  const clock = new ManualClock(0);
  const lines: { msg: string; err?: { message: string } }[] = [];
  const metrics = createMetrics();
  const runner = new AgentRunner({
    definition: { name: "auto-scaling-engine", configuration: Type.Object({}), start },
    config: {},
    log: pino({ level: "error" }, { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[0]) }),
    clock,
    random: () => 0,
    metrics,
    tracer,
    infrastructure: () =>
      Promise.resolve({ cluster: undefined, election: () => election } as unknown as Infrastructure),
    mount: () => undefined,
    onApp: () => undefined,
    app: { version: "test", metrics, tracer, access: { host: "127.0.0.1" }, limits: DEFAULT_LIMITS },
  });
  const until = async (holds: () => boolean): Promise<void> => {
    for (let turn = 0; !holds(); turn += 1) {
      assert.ok(turn < 10_000, "it never came to hold");
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { runner, clock, lines, until };
}

describe("agent runner", () => {
  it("gives back what a start acquires after its run was ended", async () => {
    const acquired: number[] = [];
    const released: number[] = [];
    let starts = 0;
    let goOn = (): void => undefined;
    let first: Attempt | undefined;
    const { runner, clock, until } = runnerOf(async ({ onStop }) => {
      const attempt = (starts += 1);
      first ??= currentAttempt.getStore();
      if (attempt === 1) await new Promise<void>((resolve) => (goOn = resolve));
      acquired.push(attempt);
      onStop(async () => void released.push(attempt));
    });
    runner.start();
    await until(() => starts === 1);
    await until(() => currentAttempt.getStore() === undefined && runner.state === "starting");
    first?.charge(new Error("a stray fault during the start"));
    await until(() => runner.state === "backoff");
    goOn();
    await until(() => released.length === 1);
    await clock.advance(1000);
    await until(() => runner.state === "running");
    assert.deepEqual([acquired, released], [[1, 2], [1]]);
    await runner.drain();
    assert.deepEqual(released, [1, 2]);
  });

  it("logs a fault of a run that is over, and leaves the next run alone", async () => {
    const attempts: (Attempt | undefined)[] = [];
    const { runner, clock, lines, until } = runnerOf(async () => void attempts.push(currentAttempt.getStore()));
    runner.start();
    await until(() => runner.state === "running");
    attempts[0]?.charge(new Error("first"));
    await until(() => runner.state === "backoff");
    await clock.advance(1000);
    await until(() => runner.state === "running");
    attempts[0]?.charge(new Error("left over"));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(runner.state, "running");
    assert.equal(runner.restarts, 1);
    assert.ok(lines.some((line) => line.msg === "a fault of a run that is over" && line.err?.message === "left over"));
    await runner.drain();
  });

  it("waits longer with each fault, and starts over after a minute of health", async () => {
    let starts = 0;
    const { runner, clock, until } = runnerOf(async () => {
      starts += 1;
      throw new Error("never");
    });
    runner.start();
    for (const [index, wait] of [500, 1000, 2000, 4000].entries()) {
      await until(() => starts === index + 1 && runner.state === "backoff");
      await clock.advance(wait - 1);
      assert.equal(starts, index + 1, `started before ${String(wait)} ms`);
      await clock.advance(1);
    }
    await until(() => starts === 5);
    assert.match((await runner.unready())["auto-scaling-engine"] ?? "", /never/);
    await runner.drain();
  });

  it("runs a leader's loops and clean-ups within each of its terms only", async () => {
    const told: string[] = [];
    let endTerm = new AbortController();
    // Two terms, each until the test ends it.
    const election: Election = {
      async run(lead, signal) {
        for (const number of [7, 9]) {
          endTerm = new AbortController();
          await lead({ number, signal: AbortSignal.any([signal, endTerm.signal]) });
          told.push(`term ${String(number)} over`);
        }
      },
    };
    const { runner, clock, until } = runnerOf(async ({ whileLeading }) => {
      whileLeading(async (term) => {
        term.onStop(async () => void told.push(`clean-up of ${String(term.number)}`));
        term.every("loop", 1000, async () => void told.push(`round in ${String(term.number)}`));
      });
    }, election);
    runner.start();
    await until(() => runner.state === "running" && told.length === 1);
    await clock.advance(1000);
    endTerm.abort();
    await until(() => told.includes("round in 9"));
    assert.deepEqual(told, ["round in 7", "round in 7", "clean-up of 7", "term 7 over", "round in 9"]);
    await runner.drain();
    assert.deepEqual(told.slice(5), ["clean-up of 9", "term 9 over"]);
  });

  it("takes a fault at the beginning of a term for the agent's, and ends its loops", async () => {
    let rounds = 0;
    const { runner, until } = runnerOf(async ({ whileLeading }) => {
      whileLeading(async ({ every }) => {
        every("loop", 1000, async () => void (rounds += 1));
        throw new Error("no consumer");
      });
    });
    runner.start();
    await until(() => runner.state === "backoff");
    assert.match(runner.reason, /no consumer/);
    assert.equal(rounds, 1);
    await runner.drain();
  });
});
