import assert from "node:assert/strict";
import { Type } from "@sinclair/typebox";
import { loadConfiguration } from "../../../../runtime/kernel/config";
import { INTENSITY_KEYS, type IntensityConfiguration } from "../../../../runtime/kernel/intensity/configuration";
import { openIntensity } from "../../../../runtime/kernel/intensity/open";
import { GreenAgent, greenAgents, HOUR, NOW } from "./fakes";

interface Outlook {
  region: string;
  demonstration: boolean;
  past: { from: string; to: string; gramsPerKwh: number }[];
  now: { gramsPerKwh: number } | null;
  ahead: { from: string; to: string; gramsPerKwh: number; low: number | null; high: number | null }[];
  band: { errorShare: number; basis: string } | null;
  grounds: { trusted: boolean; why: string; source: string | null; by: string | null };
}

const at = (hours: number): string => new Date(NOW + hours * HOUR).toISOString();

describe("green scheduler: outlook and what was missed", () => {
  const suite = greenAgents();

  const outlook = async (query = ""): Promise<Outlook> =>
    (await suite.agent.call("GET", `/v1/outlook${query}`)).body as Outlook;

  describe("of a region", () => {
    it("is what was, is and is foretold, of the configured one where none is named", async () => {
      const { region, past, now, ahead, grounds, band } = await outlook();
      assert.deepEqual([region, now?.gramsPerKwh, grounds.trusted, grounds.source], ["DE", 400, true, "test feed"]);
      assert.deepEqual([past[0]?.from, past.at(-1)?.to], [at(-6), at(0)]);
      assert.deepEqual([ahead.length, ahead[0]?.from, ahead.at(-1)?.to], [24, at(0), at(24)]);
      assert.deepEqual([ahead[6]?.gramsPerKwh, band, ahead[0]?.low], [100, null, null]);
      assert.equal((await outlook("?region=FR&hours=3")).ahead.length, 3);
    });

    it("has the band that the source's past errors make, and none below zero", async () => {
      suite.agent.intensity.changes = { errorShare: 0.4 };
      const { ahead, band } = await outlook();
      assert.equal(band?.errorShare, 0.4);
      const mean = ahead.reduce((sum, { gramsPerKwh }) => sum + gramsPerKwh, 0) / ahead.length;
      for (const { gramsPerKwh, low, high } of ahead) {
        assert.ok(Math.abs(high! - gramsPerKwh - 1.645 * 0.4 * mean) < 1e-9);
        assert.ok(low! >= 0 && low! <= gramsPerKwh);
      }
    });

    it("says why a forecast is not trusted or not there, and shows what there is", async () => {
      suite.agent.intensity.curve = () => -5;
      const lying = await outlook();
      assert.equal(lying.grounds.trusted, false);
      assert.match(lying.grounds.why, /-5 gCO2e\/kWh, which cannot be/);
      suite.agent.intensity.fault = new Error("it is broken");
      const { past, now, ahead, grounds } = await outlook();
      assert.deepEqual([past, now, ahead], [[], null, []]);
      assert.match(grounds.why, /no forecast of DE: it is broken/);
    });

    it("does not touch what plans are made by: looking is no jump", async () => {
      suite.agent.cluster.job("report", { deadline: "+43200", duration: "3600", watts: "1000" });
      await suite.agent.round();
      suite.agent.intensity.curve = (time) => (new Date(time).getUTCHours() === 14 ? 10 : 1500);
      suite.agent.intensity.changes = { generatedAt: NOW + 1 };
      await outlook();
      await suite.agent.round();
      const { unplannableSince } = (await suite.agent.call("GET", "/v1/jobs/report")).body as {
        unplannableSince: string;
      };
      assert.equal(unplannableSince, at(0), "the leader judges by what it saw itself");
    });

    it("refuses what makes no sense", async () => {
      for (const query of ["?hours=0", "?hours=1e9", "?region=", `?region=${"x".repeat(65)}`]) {
        assert.equal((await suite.agent.call("GET", `/v1/outlook${query}`)).status, 422, query);
      }
    });

    it("plays a demonstration as fast as its day passes, and gives a typical day the band of other years", async () => {
      await suite.agent.stop();
      suite.agent = new GreenAgent(suite.database);
      const environment = { MNO_INTENSITY_FEEDS: '["profile", "static", "demo"]' };
      const config = loadConfiguration(
        { environment, file: {} },
        Type.Object(INTENSITY_KEYS),
      ) as IntensityConfiguration;
      await suite.agent.begin({}, openIntensity(config, { clock: suite.agent.clock }));
      const demo = await outlook("?region=demo-288x-ES");
      assert.deepEqual([demo.demonstration, demo.ahead.at(-1)?.to, demo.band], [true, at(24 / 288), null]);
      assert.match(demo.grounds.source!, /^SYNTHETIC/);
      const real = await outlook();
      assert.deepEqual([real.region, real.demonstration, real.grounds.by], ["ES", false, "profile"]);
      assert.match(real.band!.basis, /2021 and 2022/);
      assert.ok(real.ahead.every(({ low, high }) => low !== null && high !== null));
    });
  });

  describe("what was missed", () => {
    const savings = async () =>
      ((await suite.agent.call("GET", "/v1/savings")).body as { bySignal: Record<string, number>[] }).bySignal[0]!;
    const body = { deadline: at(12), durationSeconds: 3600, watts: 1000 };
    const post = (name: string) => suite.agent.call("POST", "/v1/jobs", { ...body, name });
    const end = (name: string, from: number, outcome = "succeeded") =>
      suite.agent.call("POST", `/v1/jobs/${name}/end`, { outcome, runs: [{ from: at(from), to: at(from + 1) }] });

    it("is told apart: emitted more than at once, promised and not kept, late, unplanned", async () => {
      for (const name of ["kept", "ignored", "late"]) await post(name);
      suite.agent.cluster.job("typo", { deadline: "soon", watts: "1000" });
      await suite.agent.round();
      await suite.agent.round();
      suite.agent.clock.skip(HOUR);
      suite.agent.cluster.end("typo");
      suite.agent.clock.skip(14 * HOUR);
      // What came was not what was foretold: from 23:00 on it was worse than at noon.
      suite.agent.intensity.curve = (time) => {
        const hour = new Date(time).getUTCHours();
        return hour >= 23 || hour < 8 ? 500 : hour >= 18 && hour < 21 ? 100 : 400;
      };
      await end("kept", 6);
      await end("ignored", 1);
      await end("late", 11.5);
      await suite.agent.round();
      const sum = await savings();
      const { jobs, lostGramsCo2e, unkeptGramsCo2e, missedDeadlines, unplanned, savedGramsCo2e } = sum;
      assert.deepEqual([jobs, missedDeadlines, unplanned], [4, 1, 1]);
      assert.equal(lostGramsCo2e, 100, "the late one's hour of 500 instead of 400");
      assert.equal(savedGramsCo2e, 300 + 0 - 100);
      assert.ok(
        Math.abs(unkeptGramsCo2e! - 300 - 400) < 1,
        `300 of the one, 400 of the other: ${String(unkeptGramsCo2e)}`,
      );
    });
  });
});
