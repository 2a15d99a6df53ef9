import type { BenchRow } from "./contract";
import { failures } from "./pools/failures";
import { sizing } from "./pools/sizing";
import { spike } from "./pools/spike";
import { throughput } from "./pools/throughput";
import { waits } from "./pools/waits";

/**
 * The kernel's pool beside generic-pool, tarn and lightning-pool: what a pair of acquire and release costs, how long
 * borrowers wait, what an outage, leaks and a spike do, and which size the sizer finds for databases whose knee it is not
 * told. It replays no data. Live: timers and a fake database in this process; the figures move with the machine's load.
 */
export async function run(_options: { data?: string } = {}): Promise<BenchRow[]> {
  return [...(await throughput()), ...(await waits()), ...(await failures()), ...(await spike()), ...(await sizing())];
}
