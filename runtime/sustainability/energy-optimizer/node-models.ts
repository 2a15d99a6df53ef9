import type { ClusterNode } from "../../kernel/cluster/cluster";
import { calibrate } from "../../kernel/energy/calibrated";
import { ccfPower } from "../../kernel/energy/curve";
import type { PowerModel } from "../../kernel/energy/power-model";
import type { EnergyRow } from "./store";

/** Of power from a table that knows nothing of the node but its cores: half of the 95 % interval. */
const TABLE_UNCERTAINTY = 0.5;

export interface KnownPower {
  model: PowerModel;
  /** Half of the 95 % interval, as a share. */
  uncertainty: number;
}

/** The table's curve, brought to the node's measured hours: idle energy is what the monitor says a bare node uses. */
export function modelOf({ name, capacity }: ClusterNode, measured: readonly EnergyRow[]): KnownPower {
  const prior = ccfPower(undefined, capacity.cpuCores);
  const idle = measured.flatMap(({ seconds, idleKwh }) =>
    seconds > 0 && idleKwh > 0 ? [{ utilisation: 0, watts: (idleKwh * 3_600_000) / seconds }] : [],
  );
  const fitted = calibrate(idle, `energy of ${name} as the carbon monitor measured it`, prior);
  if (!fitted) return { model: prior, uncertainty: TABLE_UNCERTAINTY };
  return { model: fitted, uncertainty: (fitted.uncertaintyPercent ?? TABLE_UNCERTAINTY * 100) / 100 };
}
