import assert from "node:assert/strict";
import { SCALABILITY_ENGINES } from "../../../tools/demo-load/observers/observer";
import { Api } from "../../../tools/demo-load/api";
import { CounterLog, DecisionLog } from "../../../tools/demo-load/decision-log";
import { Fabric, type FabricState } from "../../../tools/demo-load/fabric";
import { plainLine, PlainWhys } from "../../../tools/demo-load/plain";
import { whys } from "../../../tools/demo-load/why";
import { answerJson, answerTo, listen, metrics, scalingDecisions } from "./engine-answers";

/** One look for each of `platforms`; each says what is answered to a path. */
async function looks(platforms: ((path: string) => unknown)[], since?: string): Promise<FabricState[]> {
  let answers = platforms[0] ?? answerTo;
  const { origin, close } = await listen((request, response) => {
    const answer = answers(request.url ?? "");
    if (answer === undefined) answerJson(response, 503, { code: "MNO_AGENT_UNAVAILABLE", detail: "it is starting" });
    else answerJson(response, 200, answer);
  });
  const api = new Api(origin);
  const fabric = new Fabric(api, "demo", since);
  const states: FabricState[] = [];
  try {
    for (answers of platforms) states.push(await fabric.observe());
    return states;
  } finally {
    await api.close();
    close();
  }
}

describe("demo load: observers", () => {
  it("see what each engine says of itself", async () => {
    const [state] = await looks([answerTo]);
    assert.deepEqual(state?.faults, {});
    assert.deepEqual(state.elastic, {
      nodes: 1,
      gauges: [
        { name: "cpu", used: 6, total: 8 },
        { name: "memory", used: 4, total: 16 },
        { name: "gpu", used: 0.5, total: 2 },
      ],
    });
    assert.deepEqual(state.scaling, {
      ready: 4,
      desired: 4,
      minimum: 1,
      maximum: 8,
      forecast: { replicas: 6, trusted: true },
    });
    assert.deepEqual(state.balancer?.endpoints, [
      { id: "demo-1", share: 1, inFlight: 3, state: "fit" },
      { id: "demo-2", share: 0, inFlight: 0, state: "unfit", reason: "5 failures in a row" },
    ]);
    assert.deepEqual(Object.fromEntries(state.balancer?.counters ?? []), {
      requests: 11,
      "retry sent": 2,
      "endpoint ejected": 1,
    });
    assert.deepEqual(state.pools?.pools, [
      { name: "demo-load", maximum: 1, leased: 1, waiting: 2 },
      { name: "database", maximum: 10, leased: 3, waiting: 0 },
    ]);
    assert.deepEqual(state.optimizer?.bottleneck, {
      resource: "workload demo cpu",
      score: 0.9,
      evidence: ["utilisation 98 % (0.098 of 0.1)"],
    });
    assert.deepEqual(
      whys({ fabric: state }).map(({ name, time, text }) => [name, time, text]),
      [
        ["resources", "10:00:02", "allocated 2 × 0.5 cores for web on n1: 1 of 1 nodes fit; n1 scores highest"],
        ["scaling", "10:00:03", "from 1 to 4; in_flight asks for more"],
        ["balancer", "10:00:04", "retry to demo-1 by expected-wait: the lowest expected delay"],
        ["pools", "10:00:01", "granted demo-load to me: 1 free, 1 asked for"],
        [
          "optimizer",
          "09:59:00",
          "demo: 0.1 cores 64 MiB → 0.25 cores 96 MiB, 62 % sure; bottleneck workload demo cpu: utilisation 98 % (0.098 of 0.1)",
        ],
      ],
    );
  });

  it("count what is decided from the beginning of the run on, and never twice", async () => {
    const [later] = scalingDecisions.items;
    const more = (path: string): unknown => {
      if (path.startsWith("/auto-scaling-engine"))
        return { items: [{ ...later, id: "d5" }, ...scalingDecisions.items] };
      return path === "/metrics" ? metrics(40, 5) : answerTo(path);
    };
    const [first, second, third] = await looks([answerTo, more, more]);
    assert.deepEqual(
      SCALABILITY_ENGINES.map((name) => first?.decided[name].counts.size),
      [0, 0, 0, 0, 0],
    );
    assert.deepEqual(Object.fromEntries(second?.decided["auto-scaling-engine"].counts ?? []), { kept: 1 });
    assert.deepEqual(Object.fromEntries(second?.decided["global-load-balancer"].counts ?? []), {
      requests: 30,
      "retry sent": 3,
    });
    assert.deepEqual(third?.decided, second?.decided);

    const [since] = await looks([answerTo], "2026-01-01T10:00:02.000Z");
    assert.deepEqual(Object.fromEntries(since?.decided["auto-scaling-engine"].counts ?? []), {
      kept: 1,
      "scaled up": 1,
      "scaled down": 1,
    });
    assert.deepEqual(Object.fromEntries(since?.decided["elastic-resource-manager"].counts ?? []), { allocated: 1 });
    assert.equal(since?.decided["resource-pool-manager"].counts.size, 0);
  });

  it("go on when engines do not answer, or answer nonsense, and say so", async () => {
    const down = (path: string): unknown => {
      if (path.startsWith("/auto-scaling-engine")) return { items: [] };
      if (path.startsWith("/elastic-resource-manager")) return "<html>";
      if (path.startsWith("/performance-optimizer")) return {};
      return undefined;
    };
    const [before, state] = await looks([answerTo, down]);
    assert.ok(state);
    assert.match(state.faults["elastic-resource-manager"] ?? "", /JSON/);
    assert.equal(state.faults["auto-scaling-engine"], 'nothing is decided about "demo" yet');
    assert.equal(state.faults["global-load-balancer"], "it is starting");
    assert.equal(state.faults["resource-pool-manager"], "it is starting");
    assert.match(state.faults["performance-optimizer"] ?? "", /undefined/);
    assert.deepEqual(Object.keys(state).sort(), ["decided", "faults", "newest"]);
    assert.deepEqual(state.newest, before?.newest);
    assert.equal(whys({ fabric: state })[2]?.text, "cannot be seen: it is starting");
    assert.match(
      plainLine({ fabric: state }, { atSeconds: 1, offered: 1, served: 1, failed: 0, shed: 0, inFlight: 0 }),
      /\| replicas –\/– \| endpoints – \| capacity – \| pools –$/,
    );
  });

  it("tell in plain text each reason once", async () => {
    const next = (path: string): unknown =>
      path === "/performance-optimizer/v1/bottlenecks" || path.startsWith("/performance-optimizer/v1/advice")
        ? { items: [] }
        : answerTo(path);
    const [first, second] = await looks([answerTo, next]);
    assert.ok(first && second);
    const told = new PlainWhys();
    assert.equal(told.lines({ fabric: first }).length, 5);
    assert.deepEqual(told.lines({ fabric: first }), []);
    assert.deepEqual(told.lines({ fabric: second }), [
      "  optimizer 09:59:00  demo: 0.1 cores 64 MiB → 0.25 cores 96 MiB, 62 % sure; no bottleneck",
    ]);
    assert.equal(
      plainLine(
        { fabric: first },
        {
          atSeconds: 61,
          offered: 300,
          served: 290,
          failed: 1,
          shed: 2,
          inFlight: 9,
          ready: 4,
          desired: 5,
          p50Ms: 20,
          p99Ms: 90,
        },
      ),
      "1:01 | load 300/s served 290 failed 1 shed 2 | p50 20 p99 90 ms | replicas 4/5 forecast 6 | endpoints 100%/3 0%/0 | cpu 75 % memory 25 % gpu 25 % | demo-load 1/1+2 database 3/10+0",
    );
  });
});

describe("demo load: logs of decisions", () => {
  it("say when more was decided than could be seen", () => {
    const log = new DecisionLog();
    const decided = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => ({ id: `d${String(from + index)}`, at: "", kind: "kept" }));
    log.add([], 3);
    log.add(decided(1, 2), 3);
    assert.deepEqual([log.counts.get("kept"), log.atLeast], [2, false]);
    log.add(decided(2, 3), 3);
    assert.deepEqual([log.counts.get("kept"), log.atLeast], [4, false]);
    log.add(decided(6, 3), 3);
    assert.deepEqual([log.counts.get("kept"), log.atLeast], [7, true]);
  });

  it("add up counters over a restart of what counts", () => {
    const log = new CounterLog();
    for (const value of [100, 130, 5, 9]) log.add(new Map([["requests", value]]));
    assert.equal(log.counts.get("requests"), 30 + 5 + 4);
  });
});
