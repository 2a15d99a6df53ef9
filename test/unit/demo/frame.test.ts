import assert from "node:assert/strict";
import { drawChart, inColour, inMonochrome } from "../../../tools/demo-load/chart";
import { drawFrame, plainLine, type Sample, type View } from "../../../tools/demo-load/frame";

const sample = (atSeconds: number, values: Partial<Sample>): Sample => ({
  atSeconds,
  offered: 0,
  served: 0,
  failed: 0,
  shed: 0,
  inFlight: 0,
  ...values,
});

const SAMPLES: Sample[] = [
  sample(1, { offered: 100, served: 100, p50Ms: 20, p99Ms: 30 }),
  sample(2, { offered: 200, served: 150, p50Ms: 80, p99Ms: 190, ready: 1, desired: 1, inFlight: 50 }),
  sample(3, { offered: 300, served: 240, failed: 10, p50Ms: 120, p99Ms: 200, ready: 1, desired: 4, inFlight: 100 }),
  sample(4, { offered: 400, served: 500, p50Ms: 40, p99Ms: 90, ready: 4, desired: 4 }),
  sample(5, { offered: 200, served: 200, p50Ms: 18, p99Ms: 22, ready: 4, desired: 2 }),
  sample(6, { ready: 2, desired: 2 }),
];

const VIEW: View = {
  url: "http://127.0.0.1:4680",
  samples: SAMPLES,
  replaySeconds: 75,
  totals: { offered: 1200, ok: 1190, failed: 10, shed: 0 },
  sloMs: 100,
  decisions: [
    {
      id: "2",
      at: "2026-01-01T10:00:05.000Z",
      action: "scaled",
      readyReplicas: 4,
      fromReplicas: 4,
      toReplicas: 2,
      reason: "all metrics are below target",
    },
    {
      id: "1",
      at: "2026-01-01T10:00:03.000Z",
      action: "scaled",
      readyReplicas: 1,
      fromReplicas: 1,
      toReplicas: 4,
      reason: "demo_requests_in_flight asks for 15, which is far more than fits into the width of this line",
    },
  ],
  note: "replaying",
};

const GOLDEN = `http://127.0.0.1:4680  0:06 of 1:15  offered 1,200  ok 1,190  failed 10…
replaying
load, requests/s   ━ offered 0   █ served 0
   500┤   ━
      ┤  ━█
      ┤ ━▇█━
     0┤━████━
replicas   ━ desired 2   █ ready 2
     4┤  ━━█
      ┤   ██
      ┤   █━━
     0┤ ━████
latency, ms   ━ p99 –   █ p50 –   ┄ SLO 100
   200┤ ━━
      ┤  ▃
      ┤┄▅█━┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄
     0┤━██▆━
autoscaling decisions, latest first
10:00:05  4 → 2  all metrics are below target
10:00:03  1 → 4  demo_requests_in_flight asks for 15, which is far more…`;

describe("demo load: drawing", () => {
  it("draws three panels and the decisions, as in the golden picture", () => {
    const picture = drawFrame(VIEW, { columns: 72, rows: 24 }, inMonochrome).map((line) => line.trimEnd());
    assert.equal(picture.join("\n"), GOLDEN);
  });

  it("never exceeds the terminal, whatever its size", () => {
    for (const columns of [20, 40, 80, 200]) {
      for (const rows of [1, 5, 10, 17, 24, 60]) {
        const lines = drawFrame(VIEW, { columns, rows }, inMonochrome);
        assert.ok(lines.length <= rows, `${String(lines.length)} lines in ${String(rows)}`);
        for (const line of lines) assert.ok(line.length <= columns, `"${line}" in ${String(columns)}`);
      }
    }
  });

  it("scrolls: of a longer series the latest values are shown", () => {
    const area = Array.from({ length: 100 }, (_, index) => (index < 97 ? 8 : 0));
    assert.deepEqual(drawChart({ area, line: [] }, 12, 2, inMonochrome), ["     8┤██   ", "     0┤██   "]);
  });

  it("colours the same picture", () => {
    const size = { columns: 72, rows: 24 };
    // eslint-disable-next-line no-control-regex
    const plain = drawFrame(VIEW, size, inColour).map((line) => line.replace(/\x1b\[\d+m/g, ""));
    assert.deepEqual(plain, drawFrame(VIEW, size, inMonochrome));
  });

  it("says in one plain line what a second was like, with a dash for what is unknown", () => {
    assert.equal(
      plainLine(SAMPLES[2] as Sample),
      "0:03  offered 300/s  served 240/s  failed 10  shed 0  in flight 100  replicas 1 ready, 4 desired  p50 120 ms  p99 200 ms",
    );
    assert.match(plainLine(sample(61, {})), /^1:01 .* replicas – ready, – desired {2}p50 – ms {2}p99 – ms$/);
  });
});
