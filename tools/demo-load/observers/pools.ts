import type { Static } from "@sinclair/typebox";
import type { DecisionList, PoolAnswer, PoolList } from "../../../runtime/scalability/resource-pool-manager/schemas";
import { type Observer, OBSERVED } from "./observer";

export type Pool = Pick<PoolAnswer, "name" | "maximum" | "leased" | "waiting">;

export interface Pools {
  pools: readonly Pool[];
}

const PREFIX = "/resource-pool-manager/v1";

/** All pools, the one that stands for the run itself first. */
export function pools(first: string): Observer<Pools> {
  return {
    engine: "resource-pool-manager",
    async look(api) {
      const [list, decisions] = await Promise.all([
        api.get(`${PREFIX}/pools`),
        api.get(`${PREFIX}/decisions?limit=${String(OBSERVED)}`),
      ]);
      const found = (list as Static<typeof PoolList>).items.map(({ name, maximum, leased, waiting }): Pool => ({
        name,
        maximum,
        leased,
        waiting,
      }));
      const { items } = decisions as Static<typeof DecisionList>;
      const newest = items[0];
      return {
        state: { pools: found.toSorted((a, b) => Number(b.name === first) - Number(a.name === first)) },
        ...(newest && {
          newest: {
            at: newest.time,
            text: `${newest.outcome} ${newest.pool} to ${newest.request.holder}: ${newest.reasons.join("; ")}`,
          },
        }),
        decided: items.map(({ id, time, outcome }) => ({ id, at: time, kind: outcome })),
      };
    },
  };
}
