import * as pulumi from "@pulumi/pulumi";
import { remedyOf } from "./remedy";

/**
 * From here on, each Kubernetes object of the program that fails is told about with what to do, beside what the API server
 * says. Call it once, before the first resource. Objects that charts make in the provider are not reached.
 */
export function tellRemedies(): void {
  const hook = new pulumi.ErrorHook("machine-native-ops:remedy", ({ name, type, errors }) => {
    const remedy = remedyOf(errors[0] ?? "");
    if (remedy !== undefined) void pulumi.log.warn(`${type} ${name}: ${remedy}`);
    return false;
  });
  // Not a resource transform: what those return loses options that were not given, such as deleteBeforeReplace.
  pulumi.runtime.registerStackTransformation(({ type, props, opts }) =>
    type.startsWith("kubernetes:")
      ? { props, opts: pulumi.mergeOptions(opts, { hooks: { onError: [hook] } }) }
      : undefined,
  );
}
