import { MnoError } from "../../exports";
import { createEvent } from "../../kernel/events/codec";
import { enqueue } from "../../kernel/events/outbox";
import type { AgentContext } from "../../kernel/lifecycle/agent";
import { decisionId } from "./ids";
import { advise, type AdviceState, NOTHING_ADVISED } from "./node-advice";

/** Looks at the cluster's nodes and emits what is advised. After a restart an advice that still holds is given once more. */
export class NodeAdvisor {
  private state: AdviceState = NOTHING_ADVISED;
  private isForbidden = false;

  constructor(
    private readonly context: Pick<
      AgentContext,
      "cluster" | "clock" | "random" | "database" | "outbox" | "log" | "tracer"
    >,
  ) {}

  async look(): Promise<void> {
    const { cluster, clock, database, outbox, log } = this.context;
    if (this.isForbidden) return;
    let seen;
    try {
      seen = await Promise.all([cluster.nodes(), cluster.list()]);
    } catch (error) {
      if (!(error instanceof MnoError && error.code === "MNO_CLUSTER_FORBIDDEN")) throw error;
      this.isForbidden = true;
      log.warn({ err: error }, "no advice on nodes: the cluster does not let this engine see them");
      return;
    }
    const { state, advice } = advise(this.state, ...seen, clock.now());
    if (advice) {
      const id = decisionId(clock.now(), this.context.random);
      const event = createEvent(
        {
          type: "mno.scalability.nodes.advised",
          source: "/mno/auto-scaling-engine",
          subject: cluster.kind,
          data: advice,
        },
        { ...this.context, id: () => `${id}.advised` },
      );
      await database.transaction((tx) => enqueue(tx, [event]));
      outbox.nudge();
      log.info(advice, "another number of nodes is advised");
    }
    this.state = state;
  }
}
