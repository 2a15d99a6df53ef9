import type { FastifyInstance } from "fastify";
import { MnoError } from "../../../exports";
import type { AgentContext } from "../../../kernel/lifecycle/agent";
import { openDecisionListener } from "../authzen/listener";
import type { AccessQuestion, PolicyDecisionPoint } from "../contracts";
import type { PolicyConfiguration } from "./configuration";
import { DecisionPoint } from "./decision-point";
import { entityRoutes } from "./entity-routes";
import { PolicyEvents } from "./events";
import { Instruments } from "./instruments";
import { PolicyKeeper } from "./keeper";
import { Recent } from "./recent";
import { policyRoutes, questionRoutes } from "./routes";
import { PolicyStore } from "./store";

/** What the policy decision point needs of its agent's context. */
export type PolicyContext = Pick<
  AgentContext<PolicyConfiguration>,
  "config" | "log" | "clock" | "metrics" | "tracer" | "outbox" | "database" | "every" | "onStop" | "readyWhen"
>;

export interface PolicyPart {
  /** Decides in process, synchronously. Throws MNO_POLICY_UNAVAILABLE while no policy set is loaded. */
  readonly decisions: PolicyDecisionPoint;
  /** Adds the routes that manage policies and entities, and ask what would be (`/v1/policies`, `/v1/entities`, ...). */
  readonly routes: (http: FastifyInstance) => void;
  /** Tells of changes of what the gateway goes by. */
  readonly events: PolicyEvents;
  /** Digest of the policy set and schema in use; undefined while there is none. */
  readonly version: () => string | undefined;
  /** Calls `listener` after another policy set or other entities came into use: decisions made before may not hold. */
  readonly onChange: (listener: () => void) => void;
  /** Where the AuthZEN API listens, where it does. */
  readonly decisionAddress: { readonly host: string; readonly port: number } | undefined;
}

/** Questions kept for dry runs. */
const RECENT_QUESTIONS = 2000;

/**
 * Loads policies and entities from the folder and the database, keeps them up to date, and listens for AuthZEN where it is
 * configured. Hand it the gateway's context; it cleans up through `onStop`. Policies that are not valid do not keep it from
 * starting: it is not ready then, and decides nothing.
 */
export async function openPolicy(context: PolicyContext): Promise<PolicyPart> {
  const { config, log, metrics, database, every, onStop, readyWhen } = context;
  const store = new PolicyStore(database);
  await store.migrate();
  const point = new DecisionPoint();
  const instruments = new Instruments(metrics);
  const events = new PolicyEvents(context);
  const keeper = new PolicyKeeper({
    point,
    store,
    folder: config.MNO_ZTG_POLICIES_DIR,
    instruments,
    events,
    log,
  });
  await keeper.refresh();
  every("refresh policies", config.MNO_ZTG_POLICY_REFRESH_SECONDS * 1000, () => keeper.refresh());
  readyWhen("policies", async () => {
    if (point.version === undefined)
      throw new MnoError("MNO_POLICY_UNAVAILABLE", "The policies are not valid; see the log");
  });

  const recent = new Recent<AccessQuestion>(RECENT_QUESTIONS);
  const decisions: PolicyDecisionPoint = {
    decide(question) {
      recent.add(question);
      const decision = point.decide(question);
      if (decision.errors.length > 0) instruments.faulty(decision.errors.length);
      return decision;
    },
  };
  const listener = await openDecisionListener({ config, decisions, point, metrics, log });
  if (listener) onStop(() => listener.close());

  const options = { point, keeper, store, events, recent: () => recent.all() };
  return {
    decisions,
    events,
    routes: (http) => {
      questionRoutes(http, options);
      policyRoutes(http, options);
      entityRoutes(http, options);
    },
    version: () => point.version,
    onChange: (changed) => point.onChange(changed),
    decisionAddress: listener?.address,
  };
}
