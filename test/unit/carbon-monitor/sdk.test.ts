import assert from "node:assert/strict";
import { MnoError } from "../../../runtime/exports";
import type { Database } from "../../../runtime/kernel/store/database";
import { openDatabase } from "../../../runtime/kernel/store/open";
import { meanOver } from "../../../runtime/sustainability/carbon-monitor/intensity-over";
import { clip, lowest, windowsOf } from "../../../runtime/sustainability/carbon-monitor/sdk-forecast";
import { NOW, silent, startAgent, type StartedAgent } from "./support";

const HOUR = 3_600_000;
const points = [300, 200, 100, 100, 400].map((gramsPerKwh, index) => ({
  from: NOW + index * HOUR,
  to: NOW + (index + 1) * HOUR,
  gramsPerKwh,
  estimated: false,
}));
const at = (hours: number): string => new Date(NOW + hours * HOUR).toISOString();

describe("carbon monitor: forecast windows", () => {
  it("a window is the mean over its time", () => {
    assert.equal(meanOver(points, NOW, NOW + 2 * HOUR), 250);
    assert.equal(meanOver(points, NOW + HOUR / 2, NOW + 1.5 * HOUR), 250);
    assert.equal(meanOver(points, NOW + 9 * HOUR, NOW + 10 * HOUR), undefined);
  });
  it("windows begin with the points and fit into the data", () => {
    assert.deepEqual(
      windowsOf(points, 120).map((window) => window.gramsPerKwh),
      [250, 150, 100, 250],
    );
    assert.deepEqual(
      windowsOf(points, 90)
        .map((window) => window.gramsPerKwh)
        .slice(0, 2),
      [800 / 3, 500 / 3],
    );
    assert.equal(windowsOf(points, undefined).length, 5);
    assert.deepEqual(windowsOf(points, 600), []);
    assert.equal(lowest(windowsOf(points, 60)).length, 2);
  });
  it("data are cut at the ends", () => {
    const cut = clip(points, NOW + HOUR / 2, NOW + 1.25 * HOUR);
    assert.deepEqual(
      cut.map(({ from, to }) => [(from - NOW) / HOUR, (to - NOW) / HOUR]),
      [
        [0.5, 1],
        [1, 1.25],
      ],
    );
  });
});

describe("carbon monitor: Carbon Aware SDK API", () => {
  let database: Database;
  let agent: StartedAgent;
  before(async function () {
    this.timeout(60_000); // PGlite compiles its WebAssembly first
    database = await openDatabase("pglite:memory", { log: silent });
    agent = await startAgent(database);
    agent.intensity.points = points;
  });
  after(async () => {
    await agent.stop();
    await database.close();
  });
  const get = (url: string) => agent.call("GET", url);

  it("gives the present intensity of a location, and says where it is from", async () => {
    const { status, body, headers } = await get("/emissions/bylocation?location=here");
    assert.equal(status, 200);
    assert.deepEqual(body, [{ location: "here", time: at(0), rating: 400, duration: "01:00:00" }]);
    assert.equal(headers["mno-carbon-signal"], "average");
    assert.equal(headers["mno-carbon-source"], "test table, 2026");
    assert.equal(headers["mno-carbon-as-of"], at(0));
  });

  it("gives a stretch of time, and a point in it", async () => {
    const stretch = await get(`/emissions/bylocation?location=here&time=${at(1)}&toTime=${at(3)}`);
    assert.deepEqual(
      (stretch.body as { rating: number }[]).map(({ rating }) => rating),
      [200, 100],
    );
    const point = await get(`/emissions/bylocation?location=here&time=${at(4.5)}`);
    assert.deepEqual(
      (point.body as { rating: number }[]).map(({ rating }) => rating),
      [400],
    );
    assert.equal((await get(`/emissions/bylocation?location=here&time=${at(90)}`)).status, 204);
  });

  it("answers a bad request as the SDK does: 400, with what is wrong by field", async () => {
    const refused = async (url: string): Promise<unknown> => {
      const { status, body } = await get(url);
      assert.equal(status, 400, url);
      return (body as { errors: unknown; status: number }).errors;
    };
    assert.deepEqual(await refused(`/emissions/bylocation?location=here&time=${at(3)}&toTime=${at(1)}`), {
      time: ["must be before toTime"],
    });
    assert.deepEqual(await refused(`/emissions/bylocation?location=here&toTime=${at(1)}`), {
      time: ["is required where toTime is given"],
    });
    assert.deepEqual(await refused("/emissions/bylocation"), { location: ["is required"] });
    assert.deepEqual(await refused(`/emissions/bylocation?location=here&time=${at(0)}&toTime=${at(9000)}`), {
      toTime: ["must be at most 366 days after time"],
    });
    assert.deepEqual(await refused(`/emissions/forecasts/current?location=here&dataEndAt=${at(9000)}`), {
      dataEndAt: ["must be at most 31 days after dataStartAt"],
    });
    assert.deepEqual(await refused("/emissions/forecasts/current?location=here&windowSize=none"), {
      windowSize: ["must be integer"],
    });
    agent.intensity.fault = new MnoError("MNO_INTENSITY_UNKNOWN_REGION", "no feed knows it");
    assert.deepEqual(await refused("/emissions/bylocation?location=nowhere"), {});
    agent.intensity.fault = new MnoError("MNO_INTENSITY_UNAVAILABLE", "no feed answers");
    assert.equal((await get("/emissions/bylocation?location=here")).status, 503);
    agent.intensity.fault = undefined;
  });

  it("gives durations in whole minutes, and the times that were asked for", async () => {
    const start = new Date(NOW + HOUR / 2 + 5).toISOString();
    const { body } = await get(`/emissions/forecasts/current?location=here&dataStartAt=${start}&dataEndAt=${at(9)}`);
    const [forecast] = body as {
      windowSize: number;
      dataStartAt: string;
      dataEndAt: string;
      forecastData: { duration: number }[];
    }[];
    assert.deepEqual(
      forecast!.forecastData.map(({ duration }) => duration),
      [29, 60, 60, 60, 60],
    );
    assert.deepEqual([forecast!.windowSize, forecast!.dataStartAt, forecast!.dataEndAt], [60, start, at(9)]);
  });

  it("compares locations", async () => {
    const both = await get(`/emissions/bylocations?location=here&location=there&time=${at(0)}&toTime=${at(2)}`);
    assert.deepEqual(
      (both.body as { location: string; rating: number }[]).map(({ location, rating }) => [location, rating]),
      [
        ["here", 300],
        ["here", 200],
        ["there", 300],
        ["there", 200],
      ],
    );
    const best = await get(`/emissions/bylocations/best?location=here&location=there&time=${at(0)}&toTime=${at(2)}`);
    assert.deepEqual(
      best.body,
      ["here", "there"].map((location) => ({ location, time: at(1), rating: 200, duration: "01:00:00" })),
    );
  });

  it("forecasts, with every best window", async () => {
    const { body } = await get(
      `/emissions/forecasts/current?location=here&dataStartAt=${at(0)}&dataEndAt=${at(5)}&windowSize=120`,
    );
    const [forecast, ...more] = body as Record<string, unknown>[];
    assert.equal(more.length, 0);
    const value = (hours: number, mean: number) => ({
      location: "here",
      timestamp: at(hours),
      duration: 120,
      value: mean,
    });
    assert.deepEqual(forecast, {
      requestedAt: at(0),
      generatedAt: at(0),
      location: "here",
      dataStartAt: at(0),
      dataEndAt: at(5),
      windowSize: 120,
      optimalDataPoints: [value(2, 100)],
      forecastData: [value(0, 250), value(1, 150), value(2, 100), value(3, 250)],
    });
    const two = await get("/emissions/forecasts/current?location=here&location=there");
    assert.deepEqual(
      (two.body as { location: string; optimalDataPoints: object[] }[]).map((one) => [
        one.location,
        one.optimalDataPoints.length,
      ]),
      [
        ["here", 2],
        ["there", 2],
      ],
    );
  });

  it("has no forecast of a time before it was made", async () => {
    const batch = (requestedAt: string) =>
      agent.call("POST", "/emissions/forecasts/batch", [{ requestedAt, location: "here", dataStartAt: at(0) }]);
    assert.equal((await batch(at(0))).status, 200);
    const past = await batch(at(-24));
    assert.deepEqual([past.status, (past.body as { code: string }).code], [501, "MNO_FORECAST_NOT_KEPT"]);
  });

  it("averages", async () => {
    const query = { location: "here", startTime: at(0), endTime: at(2) };
    const one = await get(`/emissions/average-carbon-intensity?${new URLSearchParams(query).toString()}`);
    assert.deepEqual(one.body, { ...query, carbonIntensity: 250 });
    const many = await agent.call("POST", "/emissions/average-carbon-intensity/batch", [
      query,
      { ...query, endTime: at(1) },
    ]);
    assert.deepEqual(
      (many.body as { carbonIntensity: number }[]).map((each) => each.carbonIntensity),
      [250, 300],
    );
  });

  it("lists locations", async () => {
    const { body } = await get("/locations");
    assert.deepEqual((body as Record<string, unknown>).here, { name: "here", latitude: null, longitude: null });
  });
});
