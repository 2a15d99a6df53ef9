import { createHash } from "node:crypto";
import { createGrammar } from "../../kernel/http-inspection/grammar/grammar";
import { createSignatures } from "../../kernel/http-inspection/signatures";
import type { AgentContext } from "../../kernel/lifecycle/agent";
import type { Configuration } from "./configuration";
import type { GatewayRequest } from "./contracts";
import type { EnforcementParts } from "./enforcement/parts";
import { createInspector } from "./inspection/inspector";
import { LearnedStore } from "./inspection/learned-store";

/** What is left to be saved after it, when the gateway stops, is learned anew. */
const LAST_SAVE_MILLISECONDS = 5000;

type Context = Pick<
  AgentContext<
    Pick<
      Configuration,
      | "MNO_ZTG_INSPECTION_LEVEL"
      | "MNO_ZTG_INSPECTION_THRESHOLD"
      | "MNO_ZTG_GRAMMAR_REFUSE_BELOW"
      | "MNO_ZTG_GRAMMAR_SAVE_SECONDS"
      | "MNO_ZTG_CSRF_SECRET"
    >
  >,
  "config" | "database" | "clock" | "log" | "metrics" | "every" | "onStop"
>;

/** The attack rules and the learned grammar that the configuration asks for, with what it had learned before. */
export async function openInspection(
  { config, database, clock, log, metrics, every, onStop }: Context,
  nameOf: (request: GatewayRequest) => string | undefined,
): Promise<Pick<EnforcementParts, "inspector" | "headInspector">> {
  const signatures = createSignatures({
    level: config.MNO_ZTG_INSPECTION_LEVEL,
    threshold: config.MNO_ZTG_INSPECTION_THRESHOLD,
  });
  const rows = metrics.counter(
    "mno_gateway_grammar_rows_total",
    "What was learned of endpoints, by what became of it: loaded, refused (changed or broken in the store), saved",
    ["outcome"],
  );
  const key = sealKey(config.MNO_ZTG_CSRF_SECRET);
  const store = new LearnedStore({ database, key, clock, log, count: (outcome) => rows.inc({ outcome }) });
  await store.migrate();
  const grammar = createGrammar({}, await store.load());
  every("save what was learned", config.MNO_ZTG_GRAMMAR_SAVE_SECONDS * 1000, () => store.save(grammar));
  onStop(() => store.save(grammar, clock.now() + LAST_SAVE_MILLISECONDS));
  const refuseBelow = config.MNO_ZTG_GRAMMAR_REFUSE_BELOW;
  return {
    inspector: createInspector({ signatures, grammar, refuseBelow, nameOf }),
    headInspector: createInspector({ signatures }),
  };
}

/** Without a secret that replicas share the seal shows what broke by itself, not what somebody changed. */
function sealKey(secret: string | undefined): Buffer {
  return createHash("sha256")
    .update(`mno-grammar-key-1 ${secret ?? ""}`)
    .digest();
}
