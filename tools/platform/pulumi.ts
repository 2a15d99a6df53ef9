import { build } from "../build";
import { ensureToolchain } from "../toolchain/pulumi";
import { report, runCommand } from "./command";
import { ensureStack, ON_STACK, pulumi, STACK, WITH_POLICIES } from "./workspace";

/** Commands that take a settings file, and those that run policies. */
const WITH_SETTINGS = new Set(["up", "preview", "destroy", "refresh", "config", "import"]);
const WITH_STACK = new Set(["stack", "state"]);
const WITH_PACKS = new Set(["up", "preview"]);
/** Ours, not the CLI's: runs without the policy packs. */
const WITHOUT_POLICIES = "--without-policies";

/** `npm run pulumi -- <command> …`: the CLI on the local stack, with its state, its settings and both policy packs. */
const [command = "help", ...rest] = process.argv.slice(2).filter((argument) => argument !== WITHOUT_POLICIES);
const policies = WITH_PACKS.has(command) && !process.argv.includes(WITHOUT_POLICIES) ? WITH_POLICIES : [];
runCommand(`npm run pulumi -- ${command}`, async () => {
  const toolchain = await ensureToolchain(report);
  build();
  await ensureStack(toolchain);
  return pulumi(toolchain, [
    command,
    ...rest,
    ...(WITH_SETTINGS.has(command) ? ON_STACK : []),
    ...(WITH_STACK.has(command) ? ["--stack", STACK] : []),
    ...policies,
  ]);
});
