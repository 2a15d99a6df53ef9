import { access, constants, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MnoError } from "../../exports";
import type { PowerLimit } from "./power-cap";

const MICRO = 1e6;

/** The long-term limits of all top zones below a powercap folder (Linux: Documentation/power/powercap). [] where there is none. */
export async function readPowerLimits(folder: string): Promise<PowerLimit[]> {
  const zones = (await readdir(folder).catch(() => [])).filter((zone) => /^[a-z-]+:\d+$/.test(zone)).sort();
  const limits: PowerLimit[] = [];
  for (const zone of zones) {
    const text = (name: string): Promise<string | undefined> =>
      readFile(join(folder, zone, name), "utf8").then(
        (content) => content.trim(),
        () => undefined,
      );
    const file = join(folder, zone, "constraint_0_power_limit_uw");
    const limitWatts = Number((await text("constraint_0_power_limit_uw")) ?? Number.NaN) / MICRO;
    if (!(limitWatts > 0)) continue;
    const most = Number((await text("constraint_0_max_power_uw")) ?? 0) / MICRO;
    const writable = await access(file, constants.W_OK).then(
      () => true,
      () => false,
    );
    limits.push({ file, zone: (await text("name")) ?? zone, limitWatts, mostWatts: most > 0 ? most : null, writable });
  }
  return limits;
}

/** Errors: MNO_ENERGY_PLAN_CONFLICT where the limit is no longer what the plan found, or cannot be written. */
export async function writePowerLimit(file: string, expectedWatts: number, watts: number): Promise<void> {
  const refuse = (why: string): never => {
    throw new MnoError("MNO_ENERGY_PLAN_CONFLICT", why);
  };
  const present = await readFile(file, "utf8").then(Number, (error: unknown) => refuse(`${file}: ${String(error)}`));
  const wanted = Math.round(watts * MICRO);
  if (present === wanted) return;
  if (present !== Math.round(expectedWatts * MICRO)) {
    refuse(`${file} is ${present / MICRO} W by now, not ${expectedWatts} W: somebody else has set it`);
  }
  await writeFile(file, `${wanted}\n`).catch((error: unknown) => refuse(`${file}: ${String(error)}`));
}
