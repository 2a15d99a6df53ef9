import fc from "fast-check";
import assert from "node:assert/strict";
import { genuinePValue, logEvidence } from "../../../runtime/security/behavioral-authentication/behaviour/evidence";
import { keystrokeFeatures } from "../../../runtime/security/behavioral-authentication/behaviour/keystrokes";
import { mouseWindows } from "../../../runtime/security/behavioral-authentication/behaviour/mouse";
import {
  distance,
  fitTemplate,
  leaveOneOut,
} from "../../../runtime/security/behavioral-authentication/behaviour/template";
import { DecayedCounts } from "../../../runtime/security/behavioral-authentication/history/decayed-counts";
import { UserAgents } from "../../../runtime/security/behavioral-authentication/risk/user-agent";
import { parseAddress, PrefixTable } from "../../../runtime/security/behavioral-authentication/travel/address";
import { tableLocator } from "../../../runtime/security/behavioral-authentication/travel/locator";
import { haversineKm } from "../../../runtime/security/behavioral-authentication/travel/place";
import { judgeTravel } from "../../../runtime/security/behavioral-authentication/travel/travel";
import {
  calibrate,
  priorCalibration,
  probabilityOf,
} from "../../../runtime/security/behavioral-authentication/trust/calibration";
import { chooseThresholds, levelOf } from "../../../runtime/security/behavioral-authentication/trust/thresholds";
import { Vault } from "../../../runtime/security/behavioral-authentication/vault";

const HOUR = 3_600_000;
const finite = (min: number, max: number) => fc.double({ min, max, noNaN: true });

describe("behavioural authentication: properties", () => {
  it("counts sum up alike in whatever order they come", () => {
    const adding = fc.record({ value: fc.constantFrom("a", "b", "c"), weight: finite(0.01, 3), time: fc.nat(1e9) });
    fc.assert(
      fc.property(fc.array(adding, { maxLength: 30 }), (additions) => {
        const countsOf = (order: typeof additions): number[] => {
          const counts = new DecayedCounts(HOUR * 24, 10, 0);
          for (const { value, weight, time } of order) counts.add(value, weight, time);
          return [...["a", "b", "c"].map((value) => counts.count(value, 2e9)), counts.total(2e9)];
        };
        const there = countsOf(additions);
        countsOf(additions.toReversed()).forEach((value, index) => assert.ok(Math.abs(value - there[index]!) < 1e-9));
        assert.ok(Math.abs(there[0]! + there[1]! + there[2]! - there[3]!) < 1e-9);
      }),
    );
  });

  it("no text breaks the reading of addresses, user agents and tables", () => {
    const agents = new UserAgents();
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 600 }), (text) => {
        parseAddress(text);
        const { device, os, browser } = agents.read(text);
        assert.ok([device, os, browser].every((part) => /^[ -~]+$/.test(part)));
        try {
          tableLocator(`range,country,asn\n${text}`, "x.csv");
        } catch (error) {
          assert.equal((error as { code?: string }).code, "MNO_CONFIG_INVALID");
        }
      }),
      { numRuns: 500 },
    );
  });

  it("an address is found in every range that holds it, and in no other", () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6()).map((text) => parseAddress(text)!);
    fc.assert(
      fc.property(address, address, fc.nat(128), (one, other, digits) => {
        const length = Math.min(digits, one.bits);
        const table = new PrefixTable<string>();
        table.add(one, length, "here");
        assert.equal(table.find(one), "here");
        const shift = BigInt(one.bits - length);
        const same = other.bits === one.bits && other.value >> shift === one.value >> shift;
        assert.equal(table.find(other), same ? "here" : undefined);
      }),
    );
  });

  it("distances on the globe are symmetric and no longer than half a great circle", () => {
    const point = fc.record({ latitude: finite(-90, 90), longitude: finite(-180, 180), accuracyKm: fc.constant(0) });
    fc.assert(
      fc.property(point, point, (a, b) => {
        assert.ok(Math.abs(haversineKm(a, b) - haversineKm(b, a)) < 1e-6);
        assert.ok(haversineKm(a, b) <= Math.PI * 6371.01);
      }),
    );
  });

  it("nobody is impossible who stays below the speed, and more time never makes it so", () => {
    const sighting = fc.record({
      latitude: finite(-90, 90),
      longitude: finite(-180, 180),
      accuracyKm: finite(0, 1000),
    });
    const rules = {
      maxSpeedKmh: 900,
      minDistanceKm: 500,
      ignoredKm: 50,
      ignoredMinutes: 10,
      relayAsns: new Set<number>(),
    };
    fc.assert(
      fc.property(sighting, sighting, fc.nat(48 * HOUR), fc.nat(48 * HOUR), (a, b, dt, more) => {
        const verdict = (time: number) => judgeTravel({ ...a, time: 0 }, { ...b, time }, rules, false);
        const first = verdict(dt);
        if (first.speedKmh! <= 900) assert.equal(first.verdict, "possible");
        if (first.verdict === "possible") assert.equal(verdict(dt + more).verdict, "possible");
      }),
    );
  });

  it("whatever is typed or moved gives finite features and evidence", () => {
    const press = fc.record({ down: finite(0, 6e5), up: finite(0, 6e5) }, { requiredKeys: ["down", "up"] });
    const typed = fc.array(press, { minLength: 4, maxLength: 4 }).map((presses) => keystrokeFeatures(presses));
    fc.assert(
      fc.property(fc.array(typed, { minLength: 5, maxLength: 8 }), typed, (enrolled, sample) => {
        const { groups } = sample;
        const samples = enrolled.map(({ values }) => values);
        const p = genuinePValue(distance(fitTemplate(samples, groups), sample.values), leaveOneOut(samples, groups));
        assert.ok(p >= 0 && p <= 1, String(p));
        const evidence = logEvidence(p);
        assert.ok(evidence >= Math.log(0.5) - 1e-12 && evidence <= 6, String(evidence));
      }),
    );
    const point = fc.record({ t: finite(0, 8e7), x: finite(-1e5, 1e5), y: finite(-1e5, 1e5), button: fc.boolean() });
    fc.assert(
      fc.property(fc.array(point, { maxLength: 300 }), (points) => {
        const sorted = points.toSorted((a, b) => a.t - b.t).map((one, index) => ({ ...one, t: one.t / 1e4 + index }));
        for (const window of mouseWindows(sorted)) assert.ok(window.every(Number.isFinite));
      }),
    );
  });

  it("the nearer the sample, the less it speaks against the user", () => {
    const genuine = fc.array(finite(1, 100), { minLength: 5, maxLength: 30 });
    fc.assert(
      fc.property(genuine, finite(0, 1e4), finite(0, 1e4), (own, a, b) => {
        const evidence = (value: number): number => logEvidence(genuinePValue(value, own));
        assert.ok(evidence(Math.min(a, b)) <= evidence(Math.max(a, b)) + 1e-9);
      }),
    );
  });

  it("levels rise with the score, and calibration keeps its order, whatever was labelled", () => {
    const label = fc.record({ score: finite(-20, 20), fraud: fc.boolean() });
    fc.assert(
      fc.property(fc.array(label, { maxLength: 200 }), finite(-30, 30), finite(-30, 30), (labels, a, b) => {
        const calibration = calibrate(labels, priorCalibration(0.001));
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        assert.ok(probabilityOf(low, calibration) <= probabilityOf(high, calibration));
        const scores = labels.filter(({ fraud }) => !fraud).map(({ score }) => score);
        const thresholds = chooseThresholds(scores, { stepUp: 0.05, deny: 0.001 }, calibration);
        const order = ["low", "medium", "high"];
        assert.ok(order.indexOf(levelOf(low, thresholds)) <= order.indexOf(levelOf(high, thresholds)));
      }),
    );
  });

  it("any changed byte of a sealed record is found", () => {
    const vault = new Vault("the secret of the properties, long enough");
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(), fc.integer({ min: 1, max: 255 }), (value, place, change) => {
        const sealed = vault.seal("c", value);
        assert.equal(JSON.stringify(vault.open("c", sealed)), JSON.stringify(value));
        const bytes = Buffer.from(sealed, "base64");
        bytes[place % bytes.length]! ^= change;
        assert.throws(() => vault.open("c", bytes.toString("base64")), { code: "MNO_BEHAVIOR_SEALED" });
      }),
    );
  });
});
