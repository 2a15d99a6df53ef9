import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { ROOT } from "../paths";
import type { Toolchain } from "../toolchain/pulumi";
import { pulumiEnvironment, STACK } from "./workspace";

export interface PlatformOutputs {
  apiUrl: string;
  gatewayUrl: string;
  metricsUrl: string;
  clusterUrl: string;
  balancerUrl: string;
  decisionsUrl: string;
}

/** The stack's outputs as they are in its state. */
export async function readOutputs(toolchain: Toolchain): Promise<PlatformOutputs> {
  const { stdout } = await promisify(execFile)(toolchain.cli, ["stack", "output", "--json", "--stack", STACK], {
    cwd: ROOT,
    env: pulumiEnvironment(toolchain),
  });
  return JSON.parse(stdout) as PlatformOutputs;
}
