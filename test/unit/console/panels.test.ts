import assert from "node:assert/strict";
import { grid } from "../../../runtime/console/browser/panels/grid";
import { newestByNode, power, useOf } from "../../../runtime/console/browser/panels/power";
import { saved } from "../../../runtime/console/browser/panels/saved";
import type { Panel } from "../../../runtime/console/browser/panel";
import { at, engines, job, links, NOW, outlook, plan, record, savings, words } from "./support";

const textOf = async (panel: Panel, answers: Record<string, unknown>): Promise<string> =>
  (await panel.load(engines(answers).ask, NOW)).text;

const SUM = { jobs: 3, energyKwh: 1.5, gramsCo2e: 100, baselineGramsCo2e: 400, savedGramsCo2e: 300 };

describe("console: intensity and plan", () => {
  const answers = (jobs: object[], one = outlook()) => ({
    "/green-scheduler/v1/jobs": { items: jobs },
    "/green-scheduler/v1/outlook": one,
  });

  it("shows the intensity with its signal, source, age and method, and each job with its reason", async () => {
    const text = await textOf(grid, answers([job()]));
    const said = words(text.replace(/<svg[^]*?<\/svg>/g, ""));
    assert.match(said, /DE 250 gCO2e\/kWh now Signal average Source test feed Data of 2026-11-23 \(60 min ago\)/);
    assert.match(
      said,
      /Forecast of the source itself, made 5 min ago Band 90 % of what comes; standard error 10 % of the mean/,
    );
    assert.match(said, /Method measured Why this source the first that was asked/);
    assert.match(said, /report waiting: starts in 60 min, at 13:00:00 13:50:00 DE 75 g expected after 1 h: cleaner/);
    assert.match(
      text,
      /data-detail="waiting: starts in 60 min, at 13:00:00; after 1 h: cleaner; deadline 13:50:00; expected 50 g, 125 g from a start at once"/,
    );
  });

  it("links every figure to the query that it comes from", async () => {
    const text = await textOf(grid, answers([job({ name: "a/b" })]));
    assert.ok(links(text).includes("/green-scheduler/v1/outlook?region=DE"));
    assert.ok(links(text).includes("/green-scheduler/v1/jobs/a%2Fb"));
    assert.ok(links(text).includes("/green-scheduler/v1/decisions/dec_1"));
  });

  it("takes no markup from names, reasons or regions", async () => {
    const evil = `<img src=x onerror="alert(1)">`;
    const wrong = job({
      name: evil,
      plan: plan({ reason: evil, region: evil }),
      faults: [{ field: evil, message: evil }],
    });
    const text = await textOf(
      grid,
      answers([wrong], outlook({ region: evil }, { source: evil, why: evil, trusted: false })),
    );
    assert.doesNotMatch(text, /<img|onerror="alert/);
    assert.match(text, /not trusted/);
  });

  it("says of a demonstration that it is one, and of stale and estimated figures that they are", async () => {
    const demo = outlook({ region: "demo-288x-ES", demonstration: true, band: null }, { stale: true, by: "profile" });
    const said = words(await textOf(grid, answers([], { ...demo, now: { ...demo.now!, estimated: true } })));
    assert.match(said, /demo-288x-ES demonstration: synthetic, no grid&#39;s intensity 250 gCO2e\/kWh now, estimated/);
    assert.match(said, /stale Forecast the typical day of the month/);
    assert.match(said, /Band none: it is made up/);
  });

  it("shows the region of each job beside the configured one, and asks for each once", async () => {
    const { ask, asked } = engines(
      answers([job({ plan: plan({ region: "FR" }) }), job({ id: "2", plan: plan({ region: "FR" }) })]),
    );
    await grid.load(ask, NOW);
    assert.deepEqual(asked, [
      "/green-scheduler/v1/jobs?limit=200",
      "/green-scheduler/v1/outlook",
      "/green-scheduler/v1/outlook?region=FR",
    ]);
  });

  it("tells jobs apart that are due, running, over, not valid or without a forecast", async () => {
    const unplanned = { plan: null, decisionId: null };
    const states: [object, RegExp][] = [
      [
        { ...unplanned, releaseAt: at(30), schedule: { cron: "0 * * * *", timeZone: "UTC" } },
        /\(0 \* \* \* \* UTC\) waiting: due in 30 min .* not planned yet/,
      ],
      [{ state: "running", runs: [{ from: at(-5), to: null, region: "DE" }] }, /report running/],
      [
        { state: "succeeded", finishedAt: at(-1), account: { gramsCo2e: 1, baselineGramsCo2e: 3, deadlineMet: true } },
        /report succeeded .* 2 g after/,
      ],
      [
        { ...unplanned, faults: [{ field: "green.dealine", message: "is not known" }] },
        /not valid: green\.dealine is not known/,
      ],
      [{ ...unplanned, unplannableSince: at(-1) }, /no forecast to plan it by; its deadline is kept/],
    ];
    for (const [changes, said] of states) assert.match(words(await textOf(grid, answers([job(changes)]))), said);
  });

  it("works while the scheduler is away, and before there is any job", async () => {
    const said = words(await textOf(grid, {}));
    assert.match(said, /The intensity is not known: .*MNO_NOT_FOUND.* The plan is not known: /);
    assert.match(words(await textOf(grid, answers([]))), /There are no jobs\./);
    const empty = outlook(
      { past: [], ahead: [], now: null },
      { signal: null, source: null, asOf: null, generatedAt: null, by: null, method: null, trusted: false },
    );
    assert.match(
      words(await textOf(grid, answers([], empty))),
      /Now: not known\. There are no figures to draw\. not trusted/,
    );
  });

  it("draws and lists no more than can be read", async () => {
    const many = Array.from({ length: 200 }, (_, i) => job({ id: `job_${String(i)}`, name: `job-${String(i)}` }));
    const text = await textOf(grid, answers(many));
    assert.match(words(text), /184 more jobs are in the list/);
    assert.ok(text.length < 100_000);
  });
});

describe("console: saved and missed", () => {
  const answers = { from: at(-1000), to: at(0), bySignal: [], items: [], demonstrations: [] };

  it("shows what was saved against the soonest start, and what was missed, each with its query", async () => {
    const row = savings();
    const some = { ...answers, bySignal: [{ ...row, ...SUM }], items: [row] };
    const text = await textOf(saved, {
      "/green-scheduler/v1/savings": some,
      "/energy-optimizer/v1/plans": { items: [] },
    });
    const said = words(text);
    assert.match(said, /300 g saved \(75 %\) by 3 jobs of 1\.5 kWh, average signal/);
    assert.match(said, /DE average, test feed 3 1\.5 kWh 100 g 400 g 300 g 12 g 34 g 1 2/);
    const query = `/green-scheduler/v1/savings?from=${encodeURIComponent(at(-1000))}&#38;to=${encodeURIComponent(at(0))}`;
    assert.equal(links(text).filter((href) => href === query).length, 10);
    assert.match(said, /No plan to save energy was carried out/);
  });

  it("keeps demonstrations out of what was saved", async () => {
    const demonstrations = [savings({ region: "demo-288x-ES", savedGramsCo2e: 999 })];
    const said = words(await textOf(saved, { "/green-scheduler/v1/savings": { ...answers, demonstrations } }));
    assert.match(
      said,
      /nothing was saved so far, and nothing missed\. .*demonstration: synthetic, counted nowhere .*999 g/,
    );
  });

  it("shows what plans of the energy optimizer saved, and what is only proposed", async () => {
    const expected = { kwh: { value: 5 }, gramsCo2e: { value: 700 } };
    const items = [
      { id: "p1", kind: "sleep", state: "kept", expected, measured: { expectedKwh: 4, savedKwh: 3.8 } },
      { id: "p2", kind: "sleep", state: "proposed", expected, measured: null },
    ];
    const said = words(await textOf(saved, { "/energy-optimizer/v1/plans": { items } }));
    assert.match(said, /3\.8 kWh measured as saved by 1 plans, which had promised 4 kWh/);
    assert.match(said, /1 plans are proposed and not carried out: 5 kWh and 700 g in 30 days/);
    assert.match(said, /By shifting jobs Not known: /);
  });
});

describe("console: power and emissions now", () => {
  it("is the mean power of the newest record of each node, by workload", async () => {
    const old = record({ id: "rec_0", from: at(-3), to: at(-2), energyKwh: 9, parts: [] });
    const other = record({
      id: "rec_2",
      node: "node-2",
      parts: [{ kind: "workload", workload: "web", tenant: "red", energyKwh: 0.0004, gramsCo2e: 0.04 }],
    });
    assert.deepEqual(
      newestByNode([old, record(), other]).map(({ id }) => id),
      ["rec_1", "rec_2"],
    );
    const uses = useOf([record(), other]);
    assert.deepEqual(
      uses.map(({ name, watts }) => [name, Math.round(watts)]),
      [
        ["web (red)", 60],
        ["idle, of nobody", 24],
      ],
    );
    const totals = [{ signal: "average", energyKwh: 2, gramsCo2e: 200, embodiedGramsCo2e: 20 }];
    const text = await textOf(power, {
      "/carbon-monitor/v1/records": { items: [old, record(), other] },
      "/carbon-monitor/v1/energy": { from: at(-1440), to: at(0), totals },
    });
    const said = words(text);
    assert.match(said, /84 W of unknown uncertainty, on 2 nodes, mean of 60 s until 60 s ago/);
    assert.match(said, /web \(red\) 60 W 6 g\/h idle, of nobody 24 W 2\.4 g\/h/);
    assert.match(said, /Energy by rapl .* 100 gCO2e\/kWh , average Source test feed/);
    assert.match(said, /Last 24 hours: 2 kWh , 200 g operational \(average signal\) and 20 g embodied/);
    assert.ok(links(text).includes("/carbon-monitor/v1/records/rec_1"));
  });

  it("says so where nothing is measured yet, and where the monitor is away", async () => {
    const none = { "/carbon-monitor/v1/records": { items: [] }, "/carbon-monitor/v1/energy": { totals: [] } };
    assert.match(
      words(await textOf(power, none)),
      /No record of the last 5 minutes.*Nothing was recorded in the last day/,
    );
    assert.match(words(await textOf(power, {})), /Nothing is measured: .*MNO_NOT_FOUND/);
  });

  it("takes no markup from workloads and tenants", async () => {
    const parts = [{ kind: "workload", workload: "<b>", tenant: "<i>", energyKwh: 1, gramsCo2e: 1 }];
    const text = await textOf(power, { "/carbon-monitor/v1/records": { items: [record({ parts })] } });
    assert.doesNotMatch(text, /<b>|<i>/);
  });
});
