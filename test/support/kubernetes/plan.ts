/** One step of `pulumi preview --json`; what is secret in it is masked. */
export interface Step {
  op: string;
  urn: string;
  oldState?: { type: string; inputs?: { immutable?: boolean } };
  replaceReasons?: string[] | null;
}

/** Kinds whose objects hold data, or without which data is lost or cannot be read any more. */
const HOLD_DATA = [
  /^kubernetes:core\/v1:(Namespace|PersistentVolume|PersistentVolumeClaim)$/,
  /^kubernetes:apps\/v1:StatefulSet$/,
  /^kubernetes:postgresql\.cnpg\.io\/v1:Cluster$/,
  /^kubernetes:barmancloud\.cnpg\.io\/v1:ObjectStore$/,
  /^kubernetes:(elasticsearch|kibana)\.k8s\.elastic\.co\/v1:/,
  /^kubernetes:apiextensions\.k8s\.io\/v1:CustomResourceDefinition$/,
  /^kubernetes:core\/v1:Secret$/,
  /^random:/,
];
const LOSES = ["delete", "replace", "create-replacement", "delete-replaced", "discard"];

/** What a preview plans. Errors: where its output holds no plan, with that output. */
export function readPlan(output: string): Step[] {
  const start = output.search(/^\{$/m);
  const plan = start < 0 ? undefined : (JSON.parse(output.slice(start)) as { steps?: Step[] });
  if (plan?.steps === undefined) throw new Error(`no plan was made:\n${output}`);
  return plan.steps;
}

/** Every step that would change something, in words. */
export function changes(steps: readonly Step[]): string[] {
  return steps.filter(({ op }) => op !== "same").map(inWords);
}

/** Steps that would take data away. An immutable Secret is rolled by a new one beside it, and holds no data of its own. */
export function losses(steps: readonly Step[]): string[] {
  return steps
    .filter(({ op, oldState }) => {
      if (!LOSES.includes(op) || oldState === undefined || oldState.inputs?.immutable === true) return false;
      return HOLD_DATA.some((kind) => kind.test(oldState.type));
    })
    .map(inWords);
}

function inWords({ op, urn, replaceReasons }: Step): string {
  const [type = "", name = ""] = urn.split("::").slice(-2);
  const because = replaceReasons?.length ? ` (${replaceReasons.join(", ")})` : "";
  return `${op} ${type.split("$").at(-1) ?? ""} ${name}${because}`;
}
