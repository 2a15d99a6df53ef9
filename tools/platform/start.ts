import { version } from "../../package.json";
import { build } from "../build";
import { STATE } from "../paths";
import { ensureToolchain } from "../toolchain/pulumi";
import { report, runCommand, say } from "./command";
import { ensureDemoUser } from "./demo-user";
import { ensureStack, ON_STACK, pulumi, WITH_POLICIES } from "./workspace";
import { readOutputs } from "./outputs";

/** `npm start`: toolchain, build, `pulumi up` with both policy packs, and a word on what is up. */
runCommand("npm start", async () => {
  const startedAt = Date.now();
  say(`Machine Native Ops ${version}, state in ${STATE}`);
  const toolchain = await ensureToolchain(report);
  report(`pulumi: ${toolchain.origin}`);
  const { written } = build();
  report(`build: ${written === 0 ? "nothing changed" : `${String(written)} files written`}`);
  await ensureStack(toolchain);
  const user = await ensureDemoUser();
  // --refresh: what was killed or changed by hand is seen, and healed. The preview gates: with a mandatory policy broken,
  // nothing is created.
  const code = await pulumi(toolchain, [
    "up",
    ...ON_STACK,
    ...WITH_POLICIES,
    "--refresh",
    "--yes",
    "--suppress-outputs",
  ]);
  if (code !== 0) {
    say(`\npulumi up ended with ${String(code)}. npm run doctor looks for the cause; npm start goes on from here.`);
    return code;
  }
  const { apiUrl, balancerUrl, decisionsUrl, gatewayUrl, metricsUrl } = await readOutputs(toolchain);
  say(`
Machine Native Ops is up after ${String(Math.round((Date.now() - startedAt) / 1000))} s.

  gateway          ${gatewayUrl}    the demo service, for whom a policy permits it: user ${user.name}, password ${user.password}
  balancer         ${balancerUrl}    the demo service itself, through the global load balancer
  decisions        ${decisionsUrl}    what the policies say, asked as OpenID AuthZEN has it
  API              ${apiUrl}    engines below /<engine>; they are listed at /, OpenAPI at /openapi.json
  security         ${apiUrl}/console/security    who was let in, who was not, and why
  carbon           ${apiUrl}/console/carbon    intensity, plan, what was saved; the first run of the demo job waits a few minutes
  metrics          ${metricsUrl}

Try:
  curl -i ${gatewayUrl}/        refused: nobody said who asks. In a browser you are sent to log in
  curl -s ${apiUrl}/elastic-resource-manager/v1/allocations -H 'content-type: application/json' \\
    -d '{"tenant":"web","workload":"demo","replicas":2,"requests":{"cpuCores":0.1,"memoryBytes":67108864},"leaseSeconds":60}'
  npm run demo:load        replays a real request trace and draws all five engines at work on it

Stop it with: npm stop
`);
  return 0;
});
