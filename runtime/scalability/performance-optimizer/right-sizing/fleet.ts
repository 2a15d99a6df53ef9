import type { UsageHistory } from "./usage-history";
import { recommendAsVpa, VPA } from "./vpa";

export interface FleetMember {
  workload: string;
  replicas: number;
  history: UsageHistory;
}

export interface CpuTarget {
  workload: string;
  cpuCores: number;
  /** What the Vertical Pod Autoscaler would give. */
  vpaCores: number;
  /** Share (0 to 1) of past samples, by weight, above the target and above the Vertical Pod Autoscaler's. */
  above: number;
  vpaAbove: number;
}

interface FleetSettings {
  /** Of what the Vertical Pod Autoscaler would allocate to the fleet, the share that is saved. */
  saving: number;
  /** No workload is given less than what this share of its samples lies above. */
  mostAbove: number;
  /**
   * How the price of a sample above the limit grows with the workload's size (cores to this power): at 0 every workload
   * pays the same and large ones give way to small ones, at 1 small ones get nothing from large ones.
   */
  fairness: number;
}

/** Tuned on four days of PlanetLab (March 2011) by `bench/optimizer`; the days it reports on are others. */
export const FLEET_SETTINGS: FleetSettings = { saving: 0.03, mostAbove: 1 - VPA.target, fairness: 0.5 };

interface Candidates {
  member: FleetMember;
  vpaCores: number;
  vpaAbove: number;
  price: number;
  /** Ascending in cores, descending in `above`. */
  steps: { limit: number; above: number }[];
}

/**
 * CPU targets of a whole fleet. The Vertical Pod Autoscaler adds the same 15 % to each workload's 90th percentile, needed or
 * not. Here the sum of those margins, less a saving, goes to where a core keeps most samples below the limit: each workload
 * takes the limit that minimises `cores + price x share above`, at the one price with which the fleet's total meets its
 * budget (Lagrange's condition for the least exceedance under a budget; the trade-off of a newsvendor). A steady workload
 * ends near its peak for little, a heavy-tailed one near its 90th percentile, below which none is put.
 * A workload alone has nobody to trade with and gets the Vertical Pod Autoscaler's target.
 */
export function recommendFleet(members: readonly FleetMember[], settings: FleetSettings = FLEET_SETTINGS): CpuTarget[] {
  const fleet = members.map((member) => candidates(member, settings));
  const budget = (1 - settings.saving) * sum(fleet, ({ member, vpaCores }) => member.replicas * vpaCores);
  const choose = fleet.length < 2 ? asVpa : atPrice(priceFor(fleet, budget));
  return fleet.map((one) => ({
    workload: one.member.workload,
    ...choose(one),
    vpaCores: one.vpaCores,
    vpaAbove: one.vpaAbove,
  }));
}

type Choice = Pick<CpuTarget, "cpuCores" | "above">;

function candidates(member: FleetMember, { mostAbove, fairness }: FleetSettings): Candidates {
  const all = member.history.cpu.exceedance();
  const vpaCores = recommendAsVpa(member.history).target.cpuCores;
  const floor = VPA.minimum.cpuCores;
  // Weights are sums of fractions: a share that ought to be a tenth may be a hair more.
  const enough = all.filter(({ above }) => above <= mostAbove + 1e-9);
  const raised = enough.map(({ limit, above }) => ({ limit: Math.max(limit, floor), above }));
  // Of several below the floor the last is as cheap as the others, and the least exceeded.
  const steps = raised.filter(({ limit }, index) => raised[index + 1]?.limit !== limit);
  const first = steps[0]?.limit ?? floor;
  return {
    member,
    vpaCores,
    vpaAbove: all.find(({ limit }) => limit > vpaCores) ? aboveAt(all, vpaCores) : 0,
    price: first ** fairness,
    steps: steps.length > 0 ? steps : [{ limit: floor, above: 0 }],
  };
}

/** Share above a limit that is between two bucket ends: samples of the bucket it cuts count as above. */
function aboveAt(steps: readonly { limit: number; above: number }[], limit: number): number {
  return steps.findLast((step) => step.limit <= limit)?.above ?? 1;
}

const asVpa = ({ vpaCores, vpaAbove }: Candidates): Choice => ({ cpuCores: vpaCores, above: vpaAbove });

const atPrice =
  (price: number) =>
  ({ steps, price: own }: Candidates): Choice => {
    let best = steps[0]!;
    for (const step of steps) {
      if (step.limit + price * own * step.above < best.limit + price * own * best.above) best = step;
    }
    return { cpuCores: best.limit, above: best.above };
  };

/** The highest price at which the fleet keeps within its budget, by halving the interval on a logarithmic scale. */
function priceFor(fleet: readonly Candidates[], budget: number): number {
  let [low, high] = [1e-6, 1e6];
  for (let step = 0; step < 50; step++) {
    const middle = Math.sqrt(low * high);
    const choose = atPrice(middle);
    if (sum(fleet, (one) => one.member.replicas * choose(one).cpuCores) > budget) high = middle;
    else low = middle;
  }
  return low;
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
