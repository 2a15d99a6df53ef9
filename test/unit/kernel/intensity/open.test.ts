import assert from "node:assert/strict";
import { KERNEL_CONFIGURATION, type KernelConfiguration, loadConfiguration } from "../../../../runtime/kernel/config";
import { openIntensity } from "../../../../runtime/kernel/intensity/open";
import { answer, answering, clockAt, NOW } from "../../../support/intensity/feeds";

const configured = (environment: Record<string, string>): KernelConfiguration =>
  loadConfiguration(
    { environment: { MNO_STATE_DIR: "state", ...environment }, file: {} },
    KERNEL_CONFIGURATION,
  ) as unknown as KernelConfiguration;

const refusing = { clock: clockAt(), fetch: () => Promise.reject(new Error("the tables need no network")) };

describe("configured intensity", () => {
  it("without any configuration is a typical day where there is one, else the yearly table, with its age", async () => {
    const intensity = openIntensity(configured({}), refusing);
    const zone = await intensity.now("US-CAL-CISO");
    assert.deepEqual([zone.signal, zone.stale, zone.point.estimated], ["average", true, true]);
    assert.match(zone.why, /profile is a table whose data end 10\d\d days ago/);
    const region = await intensity.now("europe-west3");
    assert.deepEqual([region.point.gramsPerKwh, region.stale], [275.81, false]);
    assert.match(region.why, /profile does not know europe-west3; static is a table whose data end 32\d days ago/);
  });

  it("asks the feeds in the order of the configuration, with its zones", async () => {
    const { fetch } = answering({
      login: answer("watttime-login.json"),
      historical: answer("watttime-historical.json"),
    });
    const intensity = openIntensity(
      configured({
        MNO_INTENSITY_FEEDS: '["watttime"]',
        MNO_INTENSITY_SIGNAL: "marginal",
        MNO_INTENSITY_WATTTIME_USER: "u",
        MNO_INTENSITY_WATTTIME_PASSWORD: "p",
        MNO_INTENSITY_ZONES: '{"watttime": {"lab": "CAISO_NORTH"}}',
      }),
      { clock: clockAt(), fetch },
    );
    const { signal, point, asOf } = await intensity.now("lab");
    assert.equal(signal, "marginal");
    assert.ok(Math.abs(point.gramsPerKwh - 394.6253619) < 1e-9 && asOf <= NOW);
  });

  it("falls from a feed that refuses the key to the next one, and says so without the key", async () => {
    const { fetch } = answering({ history: { status: 401 }, Z: answer("uk-intensity.json") });
    const intensity = openIntensity(
      configured({
        MNO_INTENSITY_FEEDS: '["electricity-maps", "uk", "static"]',
        MNO_INTENSITY_ELECTRICITY_MAPS_TOKEN: "canary-1",
      }),
      { clock: clockAt(), fetch },
    );
    const now = await intensity.now("eu-west-2");
    assert.match(now.source, /Great Britain/);
    assert.match(now.why, /electricity-maps refused the key \(HTTP 401\)/);
    assert.ok(!JSON.stringify(now).includes("canary"));
  });

  for (const [what, environment, message] of [
    [
      "a marginal feed in an average chain",
      {
        MNO_INTENSITY_FEEDS: '["watttime", "static"]',
        MNO_INTENSITY_WATTTIME_USER: "u",
        MNO_INTENSITY_WATTTIME_PASSWORD: "p",
      },
      /MNO_INTENSITY_SIGNAL is average.*watttime is marginal/,
    ],
    [
      "tables, which are average, in a marginal chain",
      { MNO_INTENSITY_SIGNAL: "marginal" },
      /profile is average, static is average/,
    ],
    [
      "a feed without its key",
      { MNO_INTENSITY_FEEDS: '["entsoe"]' },
      /MNO_INTENSITY_ENTSOE_TOKEN is required, because MNO_INTENSITY_FEEDS names entsoe/,
    ],
    ["a file feed without its file", { MNO_INTENSITY_FEEDS: '["file"]' }, /MNO_INTENSITY_FILE is required/],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(() => openIntensity(configured(environment), refusing), { code: "MNO_CONFIG_INVALID", message });
    });
  }

  it("refuses a feed that does not exist, and zones of one", () => {
    assert.throws(() => configured({ MNO_INTENSITY_FEEDS: '["oracle"]' }), { code: "MNO_CONFIG_INVALID" });
    assert.throws(() => configured({ MNO_INTENSITY_ZONES: '{"oracle": {}}' }), { code: "MNO_CONFIG_INVALID" });
  });
});
