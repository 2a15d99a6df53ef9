import type { BenchRow } from "./contract";
import { doorRows } from "./zero-trust-gateway/doors";
import { policyRows } from "./zero-trust-gateway/policy";

/** The gateway: its policy decisions, and what it adds to a request. All data are generated; none are read from `data`. */
export async function run(): Promise<BenchRow[]> {
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  return [...(await policyRows(print)), ...(await doorRows(print))];
}
