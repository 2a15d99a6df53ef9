import { architectureOf } from "../../runtime/kernel/energy/architecture";
import { calibrate } from "../../runtime/kernel/energy/calibrated";
import { ccfPower, teadsPower } from "../../runtime/kernel/energy/curve";
import type { BenchRow } from "../contract";
import { type LoadProfile, type LoadSample, readProfiles, readTdps } from "./profiles";

/** At less RAPL reads next to nothing, and a percentage of that says nothing. */
const LEAST_LOAD = 0.05;

type Estimate = (sample: LoadSample) => number;

/**
 * Leave-one-out error of the calibrated model on each load test, beside models that were not fitted, and a fitted line; then on
 * both tests of each processor together, as a machine in use sees them: the same utilisation is now many cores held back, now a
 * few at full speed.
 */
export function powerRows(folder: string): BenchRow[] {
  const tdpOf = readTdps(folder);
  const profiles = readProfiles(folder);
  const machines = [...Map.groupBy(profiles, ({ machine }) => machine)].filter(([, tests]) => tests.length > 1);
  const mixed = machines.map(([machine, tests]) => ({
    ...tests[0]!,
    run: `${machine}, all tests together`,
    samples: tests.flatMap(({ samples }) => samples),
  }));
  return [...profiles, ...mixed].map((profile) => powerRow(profile, tdpOf(profile.cpu)));
}

function powerRow(profile: LoadProfile, tdp: number | undefined): BenchRow {
  const ccf = ccfPower(architectureOf(profile.cpu), profile.logicalCpus);
  const peers: Record<string, Estimate> = {
    CodeCarbon: ({ codecarbonWatts }) => codecarbonWatts,
    CCF: ({ load }) => ccf.watts(load),
    "line, leave-one-out": leaveOneOut(profile, line),
  };
  if (tdp !== undefined) {
    const teads = teadsPower(tdp, "CodeCarbon's cpu_power.csv");
    peers["TDP x load"] = ({ load }) => load * tdp;
    peers.Teads = ({ load }) => teads.watts(load);
  }
  return {
    work: profile.run,
    metric: "power_mape_percent",
    unit: "%",
    better: "lower",
    ours: mapePercent(profile, leaveOneOut(profile, calibrated)),
    spread: 0,
    peers: Object.fromEntries(Object.entries(peers).map(([name, estimate]) => [name, mapePercent(profile, estimate)])),
  };
}

/** Mean absolute percentage error over the samples in which the test itself loaded the machine. */
function mapePercent({ samples }: LoadProfile, estimate: Estimate): number {
  const judged = samples.filter(({ load, isIdle }) => !isIdle && load >= LEAST_LOAD);
  const errors = judged.map((sample) => Math.abs(estimate(sample) - sample.watts) / sample.watts);
  return (100 * errors.reduce((sum, error) => sum + error, 0)) / errors.length;
}

/** Each sample is estimated by a fit that has not seen it. */
function leaveOneOut(profile: LoadProfile, fit: (samples: readonly LoadSample[]) => Estimate): Estimate {
  return (sample) => fit(profile.samples.filter((other) => other !== sample))(sample);
}

function calibrated(samples: readonly LoadSample[]): Estimate {
  const model = calibrate(
    samples.map(({ load, watts, frequencyShare }) => ({ utilisation: load, watts, frequencyShare })),
    "RAPL",
  );
  if (!model) throw new Error("the load test has too few samples to calibrate a model");
  return ({ load, frequencyShare }) => model.watts(load, frequencyShare);
}

/** Ordinary least squares. */
function line(samples: readonly LoadSample[]): Estimate {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [load, watts] = [mean(samples.map((one) => one.load)), mean(samples.map((one) => one.watts))];
  const slope =
    mean(samples.map((one) => (one.load - load) * (one.watts - watts))) /
    mean(samples.map((one) => (one.load - load) ** 2));
  return (at) => watts + slope * (at.load - load);
}
