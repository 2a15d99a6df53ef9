import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { collectCrds } from "../../../tools/crds/collect";

/** Makes a folder of the charts that the vendors' Go modules carry, laid out as the stack's `chartDirectory` wants them. */
export async function vendorCharts(folder: string): Promise<string> {
  const { charts } = await collectCrds(() => undefined);
  mkdirSync(folder, { recursive: true });
  for (const [name, path] of Object.entries(charts)) symlinkSync(path, join(folder, name));
  return folder;
}
