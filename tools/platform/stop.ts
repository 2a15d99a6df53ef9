import { findToolchain } from "../toolchain/pulumi";
import { build } from "../build";
import { runCommand, say } from "./command";
import { ensureStack, ON_STACK, pulumi, stackExists } from "./workspace";

/** `npm stop`: `pulumi destroy`. The state folder stays, so that a later start finds its data again. */
runCommand("npm stop", async () => {
  const toolchain = findToolchain();
  if (!toolchain || !stackExists()) {
    say("Nothing is up.");
    return 0;
  }
  build(); // the provider that deletes is compiled code, too
  await ensureStack(toolchain);
  return pulumi(toolchain, ["destroy", ...ON_STACK, "--yes", "--skip-preview", "--suppress-outputs"]);
});
