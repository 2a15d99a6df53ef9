import { build } from "../build";
import { ensureToolchain } from "../toolchain/pulumi";
import { report, runCommand } from "./command";
import { ensureStack, ON_STACK, pulumi, STACK, WITH_POLICIES } from "./workspace";

/** Commands that take a settings file, and those that run policies. */
const WITH_SETTINGS = new Set(["up", "preview", "destroy", "refresh", "config", "import"]);
const WITH_STACK = new Set(["stack", "state"]);
const WITH_PACKS = new Set(["up", "preview"]);

/** `npm run pulumi -- <command> …`: the CLI on the local stack, with its state, its settings and both policy packs. */
const [command = "help", ...rest] = process.argv.slice(2);
runCommand(`npm run pulumi -- ${command}`, async () => {
  const toolchain = await ensureToolchain(report);
  build();
  await ensureStack(toolchain);
  return pulumi(toolchain, [
    command,
    ...rest,
    ...(WITH_SETTINGS.has(command) ? ON_STACK : []),
    ...(WITH_STACK.has(command) ? ["--stack", STACK] : []),
    ...(WITH_PACKS.has(command) ? WITH_POLICIES : []),
  ]);
});
