import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { drawBar, drawChart } from "../../../tools/demo-load/chart";
import type { FabricState } from "../../../tools/demo-load/fabric";
import { drawFrame } from "../../../tools/demo-load/frame";
import { inColour, inMonochrome, paintLine, wrap } from "../../../tools/demo-load/text";
import type { Sample, View } from "../../../tools/demo-load/view";

const sample = (atSeconds: number): Sample => {
  const wave = Math.round(300 + 150 * Math.sin(atSeconds / 5));
  const cold = atSeconds < 4;
  return {
    atSeconds,
    offered: wave,
    served: wave - (cold ? 60 : 0),
    failed: 0,
    shed: 0,
    inFlight: 5,
    ready: cold ? 1 : 5,
    desired: atSeconds < 2 ? 1 : 5,
    p50Ms: 18,
    p99Ms: cold ? 240 : 40 + (atSeconds % 7),
  };
};

const none = { counts: new Map<string, number>(), atLeast: false };
const at = "2026-01-01T10:00:05.000Z";

const FABRIC: FabricState = {
  elastic: {
    nodes: 1,
    gauges: [
      { name: "cpu", used: 1.2, total: 1.8 },
      { name: "memory", used: 21.5, total: 22.5 },
    ],
  },
  scaling: { ready: 5, desired: 6, minimum: 1, maximum: 8, forecast: { replicas: 7, trusted: false } },
  balancer: {
    endpoints: [
      ...[1, 2, 3, 4].map((id) => ({ id: `demo-${String(id)}`, share: 0.25, inFlight: id, state: "fit" as const })),
      { id: "demo-5", share: 0, inFlight: 0, state: "unfit", reason: "5 failures in a row" },
      { id: "demo-6", share: 0, inFlight: 2, state: "draining" },
    ],
    counters: new Map(),
  },
  pools: { pools: [{ name: "demo-load", maximum: 1, leased: 1, waiting: 2 }] },
  optimizer: {
    bottleneck: { resource: "workload demo cpu", score: 1, evidence: ["utilisation 105 % (0.105 of 0.1)"] },
  },
  newest: {
    "elastic-resource-manager": { at, text: "allocated 1 × 0.2 cores for demo-load on vm: 1 of 1 nodes fit" },
    "auto-scaling-engine": {
      at,
      text: "from 5 to 6: demo_requests_in_flight asks for 6; stabilised at 6: a recommendation of the last 15 s was higher than 4",
    },
    "global-load-balancer": { at, text: "retry to demo-3 by expected-wait: the lowest\nexpected \x1b[31mdelay" },
  },
  faults: { "resource-pool-manager": "it is starting" },
  decided: {
    "elastic-resource-manager": none,
    "auto-scaling-engine": none,
    "global-load-balancer": { counts: new Map([["retry sent", 3]]), atLeast: false },
    "resource-pool-manager": none,
    "performance-optimizer": none,
  },
};

const VIEW: View = {
  url: "http://127.0.0.1:4690",
  samples: Array.from({ length: 30 }, (_, index) => sample(index + 1)),
  replaySeconds: 60,
  totals: { offered: 9400, ok: 9390, failed: 4, shed: 6, late: 300, p50Ms: 18, p99Ms: 238 },
  sloMs: 100,
  fabric: FABRIC,
  phase: "replaying",
  losses: [],
};
const BARE: View = {
  ...VIEW,
  samples: [],
  fabric: { newest: {}, faults: {}, decided: FABRIC.decided },
  losses: ["the turn is lost: it has ended"],
};

describe("demo load: drawing", () => {
  for (const [columns, rows] of [
    [80, 24],
    [120, 40],
  ] as const) {
    const name = `${String(columns)}x${String(rows)}`;
    it(`draws the dashboard at ${name} as in the golden picture`, () => {
      const picture = `${drawFrame(VIEW, { columns, rows }, inMonochrome).join("\n")}\n`;
      assert.equal(picture, readFileSync(resolve(__dirname, "frames", `${name}.txt`), "utf8"));
    });
  }

  it("never exceeds the terminal, whatever its size and whatever is not known", () => {
    for (const view of [VIEW, BARE]) {
      for (const columns of [20, 40, 80, 110, 200]) {
        for (const rows of [1, 5, 10, 17, 24, 32, 60]) {
          const lines = drawFrame(view, { columns, rows }, inMonochrome);
          assert.ok(lines.length <= rows, `${String(lines.length)} lines in ${String(rows)}`);
          for (const line of lines) assert.ok(line.length <= columns, `"${line}" in ${String(columns)}`);
        }
      }
    }
    assert.match(
      drawFrame(BARE, { columns: 120, rows: 24 }, inMonochrome).join("\n"),
      /the turn is lost: it has ended/,
    );
  });

  it("colours the same picture", () => {
    const size = { columns: 80, rows: 24 };
    const painted = drawFrame(VIEW, size, inColour);
    assert.ok(painted.some((line) => line.includes("\x1b[31m✕ \x1b[0m")));
    // eslint-disable-next-line no-control-regex
    const plain = painted.map((line) => line.replace(/\x1b\[\d+m/g, "").trimEnd());
    assert.deepEqual(plain, drawFrame(VIEW, size, inMonochrome));
  });

  it("fills a chart as time passes, squeezes a long run, and scrolls a longer one", () => {
    const chart = (area: number[], span: number): string[] =>
      drawChart({ area, line: [], colours: { area: "blue", line: "yellow" }, span }, 12, 2).map((line) =>
        paintLine(line, inMonochrome),
      );
    assert.deepEqual(chart([8, 8], 5), ["     8┤██   ", "     0┤██   "]);
    assert.deepEqual(chart([8, 0, 0, 0, 0, 8, 0, 0, 0, 0], 10), ["     8┤█ █  ", "     0┤█ █  "]);
    assert.deepEqual(chart([8, 8, 8, 0, 0, 0, 0, 8], 5), ["     8┤    █", "     0┤    █"]);
  });

  it("draws bars to half a column and breaks text between words", () => {
    const bar = (fraction: number): string => paintLine(drawBar(fraction, 4, "blue"), inMonochrome);
    assert.deepEqual([-1, 0.375, 1, 7].map(bar), ["────", "━╸──", "━━━━", "━━━━"]);
    assert.deepEqual(wrap("one two three four", 9, 2), ["one two", "three fo…"]);
    assert.deepEqual(wrap("unbreakable", 4, 3), ["unbr", "eaka", "ble"]);
  });
});
