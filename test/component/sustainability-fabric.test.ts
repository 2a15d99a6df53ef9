import assert from "node:assert/strict";
import {
  type IntensityArgs,
  IntensityFeed,
  MeshKind,
  SustainabilityFabric,
  type SustainabilityFabricArgs,
} from "../../components";
import { validateIntensity } from "../../components/fabrics/intensity";
import { KERNEL_CONFIGURATION } from "../../runtime/kernel/config";
import { objectNamed, objectsOf } from "../support/kubernetes-objects";
import { record, type Recording } from "../support/recording-monitor";

const BASE: SustainabilityFabricArgs = {
  namespace: "mno",
  image: `registry.example/mno:1@sha256:${"ab".repeat(32)}`,
  databaseUrl: { secretName: "database-app", key: "uri" },
  busUrl: { secretName: "events-mno-credentials", key: "url" },
};

const ENTSOE: IntensityArgs = {
  feeds: [IntensityFeed.Entsoe, IntensityFeed.UkCarbonIntensity],
  credentials: { MNO_INTENSITY_ENTSOE_TOKEN: { secretName: "feeds", key: "entsoe" } },
};

function make(args: Partial<SustainabilityFabricArgs>): Promise<Recording> {
  return record(() => {
    new SustainabilityFabric("green", { ...BASE, ...args });
  });
}

interface Variable {
  name: string;
  value?: string;
  valueFrom?: { secretKeyRef: { name: string; key: string } };
}

function environment(recording: Recording, engine: string): Variable[] {
  return objectNamed(recording, "Deployment", `green-${engine}`).spec.template.spec.containers[0].env as Variable[];
}

function valueOf(recording: Recording, engine: string, variable: string): string | undefined {
  return environment(recording, engine).find(({ name }) => name === variable)?.value;
}

describe("SustainabilityFabric", () => {
  it("runs its four engines, each in two replicas, and asks nobody outside unless told", async () => {
    const recording = await make({});
    const names = objectsOf(recording, "Deployment").map(({ metadata, spec }) => [metadata.name, spec.replicas]);
    assert.deepEqual(names.sort(), [
      ["green-carbon-monitor", 2],
      ["green-energy-optimizer", 2],
      ["green-green-scheduler", 2],
      ["green-sustainability-reporter", 2],
    ]);
    assert.equal(valueOf(recording, "carbon-monitor", "MNO_INTENSITY_FEEDS"), undefined);
    const outside = objectsOf(recording, "NetworkPolicy").filter(({ metadata }) => metadata.name?.includes("0.0.0.0"));
    assert.deepEqual(outside, []);
  });

  it("tells all of them where they are, and the energy optimizer whose advice to have applied", async () => {
    const recording = await make({ region: "europe-west1", performanceOptimizerUrl: "http://optimizer:4600" });
    assert.equal(valueOf(recording, "green-scheduler", "MNO_CARBON_REGION"), "europe-west1");
    assert.equal(valueOf(recording, "carbon-monitor", "MNO_CARBON_REGION"), "europe-west1");
    assert.equal(valueOf(recording, "energy-optimizer", "MNO_EO_RUNTIME_URL"), "http://optimizer:4600");
    assert.equal(valueOf(recording, "carbon-monitor", "MNO_EO_RUNTIME_URL"), undefined);
  });

  it("gives feeds, their secrets and the way to them to the engines that ask, and to no other", async () => {
    const recording = await make({ intensity: ENTSOE });
    for (const engine of ["carbon-monitor", "green-scheduler"]) {
      assert.equal(valueOf(recording, engine, "MNO_INTENSITY_FEEDS"), '["entsoe","uk","profile","static"]');
      assert.equal(valueOf(recording, engine, "MNO_INTENSITY_SIGNAL"), "average");
      const token = environment(recording, engine).find(({ name }) => name === "MNO_INTENSITY_ENTSOE_TOKEN");
      assert.equal(token?.valueFrom?.secretKeyRef.name, "feeds");
      const policy = objectNamed(recording, "NetworkPolicy", `green-${engine}-to-0.0.0.0-0-443`);
      assert.deepEqual(
        policy.spec.egress[0].ports.map(({ port }: { port: number }) => port),
        [443],
      );
    }
    for (const engine of ["energy-optimizer", "sustainability-reporter"]) {
      const given = environment(recording, engine).filter(({ name }) => name.startsWith("MNO_INTENSITY_"));
      assert.deepEqual(given, [], engine);
    }
  });

  it("opens a mesh to the feeds' hosts and to nothing else", async () => {
    const recording = await make({ intensity: ENTSOE, mesh: MeshKind.IstioAmbient });
    const [entry, ...others] = objectsOf(recording, "ServiceEntry");
    assert.deepEqual(others, []);
    assert.deepEqual(entry?.spec.hosts, ["web-api.tp.entsoe.eu", "api.carbonintensity.org.uk"]);
  });

  it("leaves out the tables behind a marginal feed: they are of the average", async () => {
    const credentials = Object.fromEntries(
      ["MNO_INTENSITY_WATTTIME_USER", "MNO_INTENSITY_WATTTIME_PASSWORD"].map((key) => [
        key,
        { secretName: "feeds", key },
      ]),
    );
    const recording = await make({ intensity: { feeds: [IntensityFeed.WattTime], credentials } });
    assert.equal(valueOf(recording, "carbon-monitor", "MNO_INTENSITY_FEEDS"), '["watttime"]');
    assert.equal(valueOf(recording, "carbon-monitor", "MNO_INTENSITY_SIGNAL"), "marginal");
  });

  it("names what is wrong with feeds and credentials, all at once", () => {
    const secret = { secretName: "feeds", key: "x" };
    const faults = validateIntensity({
      feeds: ["watttime", "entsoe", "entsoe", "oracle" as IntensityFeed],
      credentials: { MNO_INTENSITY_WATTTIME_USER: secret, MNO_API_TOKEN: secret },
    }).map(({ field, message }) => `${field} ${message}`);
    for (const expected of [
      /^intensity\.feeds names a feed twice/,
      /^intensity\.feeds holds oracle; it must be of electricity-maps, watttime, uk, entsoe$/,
      /^intensity\.feeds mixes watttime/,
      /^intensity\.credentials lack MNO_INTENSITY_WATTTIME_PASSWORD, MNO_INTENSITY_ENTSOE_TOKEN/,
      /^intensity\.credentials hold MNO_API_TOKEN/,
    ]) {
      assert.ok(
        faults.some((fault) => expected.test(fault)),
        `${String(expected)} is not in:\n${faults.join("\n")}`,
      );
    }
    assert.deepEqual(validateIntensity(ENTSOE), []);
    assert.deepEqual(validateIntensity(), []);
  });

  it("refuses bad feeds before anything is made", async () => {
    await assert.rejects(make({ intensity: { feeds: [] } }), /MNO_COMPONENT_ARGS_INVALID.*at least one feed/);
  });

  it("names only credentials that the runtime reads", () => {
    const keys = Object.keys(KERNEL_CONFIGURATION.properties);
    for (const key of ["MNO_INTENSITY_FEEDS", "MNO_INTENSITY_SIGNAL", ...Object.keys(ENTSOE.credentials ?? {})]) {
      assert.ok(keys.includes(key), key);
    }
  });
});
