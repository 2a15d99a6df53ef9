import { architectureOf } from "../../runtime/kernel/energy/architecture";
import { calibrate } from "../../runtime/kernel/energy/calibrated";
import { ccfPower, teadsPower } from "../../runtime/kernel/energy/curve";
import type { BenchRow } from "../contract";
import { type LoadProfile, type LoadSample, readProfiles, readTdps } from "./profiles";

/** At idle RAPL reads next to nothing, and a percentage of that says nothing. */
const LEAST_LOAD = 0.05;

type Estimate = (sample: LoadSample) => number;

/** Leave-one-out error of the calibrated model on each load test, beside models that were not fitted, and a fitted line. */
export function powerRows(folder: string): BenchRow[] {
  const tdpOf = readTdps(folder);
  return readProfiles(folder).map((profile) => {
    const tdp = tdpOf(profile.cpu);
    const ccf = ccfPower(architectureOf(profile.cpu), profile.logicalCpus);
    const peers: Record<string, Estimate> = {
      CodeCarbon: ({ codecarbonWatts }) => codecarbonWatts,
      "CCF per vCPU": ({ load }) => ccf.watts(load),
      "line, leave-one-out": leaveOneOut(profile, line),
    };
    if (tdp !== undefined) {
      const teads = teadsPower(tdp, "CodeCarbon's cpu_power.csv");
      peers["TDP-linear"] = ({ load }) => load * tdp;
      peers["Teads x TDP"] = ({ load }) => teads.watts(load);
    }
    return {
      work: profile.run,
      metric: "power_mape_percent",
      unit: "%",
      better: "lower",
      ours: mapePercent(profile, leaveOneOut(profile, calibrated)),
      spread: 0,
      peers: Object.fromEntries(
        Object.entries(peers).map(([name, estimate]) => [name, mapePercent(profile, estimate)]),
      ),
    };
  });
}

/** Mean absolute percentage error over the samples with a load. */
function mapePercent({ samples }: LoadProfile, estimate: Estimate): number {
  const judged = samples.filter(({ load }) => load >= LEAST_LOAD);
  const errors = judged.map((sample) => Math.abs(estimate(sample) - sample.watts) / sample.watts);
  return (100 * errors.reduce((sum, error) => sum + error, 0)) / errors.length;
}

/** Each sample is estimated by a fit that has not seen it. */
function leaveOneOut(
  profile: LoadProfile,
  fit: (samples: readonly LoadSample[]) => (load: number) => number,
): Estimate {
  return (sample) => fit(profile.samples.filter((other) => other !== sample))(sample.load);
}

function calibrated(samples: readonly LoadSample[]): (load: number) => number {
  const model = calibrate(
    samples.map(({ load, watts }) => ({ utilisation: load, watts })),
    "RAPL",
  );
  if (!model) throw new Error("the load test has too few samples to calibrate a model");
  return (load) => model.watts(load);
}

/** Ordinary least squares. */
function line(samples: readonly LoadSample[]): (load: number) => number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [load, watts] = [mean(samples.map((one) => one.load)), mean(samples.map((one) => one.watts))];
  const slope =
    mean(samples.map((one) => (one.load - load) * (one.watts - watts))) /
    mean(samples.map((one) => (one.load - load) ** 2));
  return (at) => watts + slope * (at - load);
}
