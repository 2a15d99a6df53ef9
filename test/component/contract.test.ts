import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { CONTRACT_VERSION, readContract, type StackOutputs } from "../../stacks/contract";
import { record } from "../support/recording-monitor";

/** What another team's project gets of our stack by StackReference. */
describe("stack contract", () => {
  const exported = {
    contractVersion: CONTRACT_VERSION,
    apiUrl: "http://127.0.0.1:4600",
    metricsUrl: "http://127.0.0.1:4600/metrics",
    gatewayUrl: "http://127.0.0.1:4680",
    clusterUrl: "local:/state/cluster",
    engineUrls: { "auto-scaling-engine": "http://127.0.0.1:4600" },
    balancerUrl: "http://127.0.0.1:4690",
    decisionsUrl: "http://127.0.0.1:4681",
  };

  async function read(outputs: Record<string, unknown>): Promise<pulumi.Unwrap<StackOutputs>> {
    let result: pulumi.Unwrap<StackOutputs> | undefined;
    await record(
      async () => {
        const contract = readContract(new pulumi.StackReference("organization/machine-native-ops/local"));
        result = await new Promise((resolve, reject) => {
          // An output that fails never applies: its promise says why.
          const all = pulumi.all(contract as unknown as Record<string, pulumi.Output<unknown>>);
          (all as unknown as { promise(): Promise<pulumi.Unwrap<StackOutputs>> }).promise().then(resolve, reject);
        });
      },
      { stackOutputs: outputs },
    );
    assert.ok(result);
    return result;
  }

  it("reads every output that the stack exports", async () => {
    assert.deepEqual(await read(exported), exported);
  });

  it("names the output that a stack does not have", async () => {
    const { gatewayUrl: _missing, ...rest } = exported;
    await assert.rejects(read(rest), /gatewayUrl/);
  });

  it("names the version that an older stack lacks", async () => {
    const { engineUrls: _newer, ...older } = exported;
    await assert.rejects(read({ ...older, contractVersion: 1 }), /engineUrls came with 2/);
  });
});
