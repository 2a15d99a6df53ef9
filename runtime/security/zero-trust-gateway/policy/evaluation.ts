import type { EntityView } from "./entities";
import type { RecordValue, Uid } from "./values";

/** What compiled policies look at: one question, and the entities it is asked over. */
export interface Evaluation {
  principal: Uid;
  action: Uid;
  resource: Uid;
  context: RecordValue;
  entities: EntityView;
}
