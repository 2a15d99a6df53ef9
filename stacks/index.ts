import * as pulumi from "@pulumi/pulumi";
import type { StackOutputs } from "./contract";

/** Each stack's program; loaded on demand, so that the local stack carries no cloud SDK. */
const PROGRAMS: Record<string, () => StackOutputs> = {
  local: () => (require("./local") as typeof import("./local")).localStack(), // eslint-disable-line @typescript-eslint/no-require-imports
  kubernetes: () => (require("./kubernetes") as typeof import("./kubernetes")).kubernetesStack(), // eslint-disable-line @typescript-eslint/no-require-imports
};

/** `machine-native-ops:program` names the program where a stack has a name of its own. */
const name = new pulumi.Config().get("program") ?? pulumi.getStack();
const program = PROGRAMS[name];
if (!program) {
  throw new pulumi.RunError(
    `There is no program for the stack "${name}"; there is ${Object.keys(PROGRAMS).join(", ")}. ` +
      `Name one with: pulumi config set program <program>`,
  );
}

module.exports = program();
