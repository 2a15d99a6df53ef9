import assert from "node:assert/strict";
import fc from "fast-check";
import { judge } from "../../policies/shared/judge";
import { inlineCodeFlag, shellIn } from "../../policies/zero-trust/argv";
import { secretReason } from "../../policies/zero-trust/secrets";
import { noPlaintextSecrets } from "../../policies/zero-trust/rules/zt-002-no-plaintext-secrets";
import { TEST_NOW, toResource } from "../support/policies";
import { local } from "./fixtures/fixture";

describe("telling secrets from settings", () => {
  const settings: [string, string][] = [
    ["PORT", "4600"],
    ["MNO_DATA_DIR", "/home/Anna/Projects2026/machine-native-ops/.mno/data"],
    ["MNO_CLUSTER_URL", "local:/home/Anna/Projects2026/.mno"],
    ["NATS_URL", "nats://127.0.0.1:4222"],
    ["GIT_COMMIT", "9fceb02d0ae598e95dc970b74767f19372d61af8"],
    ["IMAGE_DIGEST", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ["INSTANCE_ID", "3f2504e0-4f89-11d3-9a0c-0305e82c3301"],
    ["TOKEN_TTL_SECONDS", "900"],
    ["PASSWORD_FILE", "/run/secrets/db"],
    ["SECRET_NAME", "db-credentials"],
    ["MAX_TOKENS", "4096"],
    ["KEYBOARD", "de"],
    ["AUTHOR", "A. Lovelace"],
    ["MONKEY", "yes"],
    ["EVENT_TYPES", "mno-scalability-resource-allocated"],
    ["API_TOKEN", ""],
  ];
  for (const [name, value] of settings) {
    it(`lets ${name} pass`, () => assert.equal(secretReason(name, value), undefined));
  }

  const secrets: [string, string][] = [
    ["PASSWORD", "x"],
    ["dbPassword", "x"],
    ["AWS_SECRET_ACCESS_KEY", "x"],
    ["client-secret", "x"],
    ["PRIVATE_KEY", "x"],
    ["TOKEN_PRODUCTION", "x"],
    ["X", `eyJ${"a".repeat(12)}.eyJ${"b".repeat(12)}.c`],
    ["X", `glpat-${"a1".repeat(12)}`],
    ["X", "9fceb02d0ae598e95dc970b74767f193"],
  ];
  for (const [name, value] of secrets) {
    it(`finds ${name}=${value.slice(0, 6)}`, () => assert.match(secretReason(name, value) ?? "", /its (name|value)/));
  }

  it("never prints a value", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9]{16,40}$/), (value) => {
        const workload = local({
          environment: { API_TOKEN: value },
          command: ["/usr/bin/node", `--password=${value}`],
        });
        const judgements = judge(noPlaintextSecrets, [toResource(workload)], {}, TEST_NOW);
        assert.equal(judgements.length, 2);
        assert.ok(judgements.every(({ message }) => !message.includes(value)));
      }),
      { numRuns: 50 },
    );
  });
});

describe("reading a command line", () => {
  it("finds shells behind paths and launchers, not among ordinary arguments", () => {
    assert.equal(shellIn(["/usr/local/bin/zsh"]), "zsh");
    assert.equal(shellIn(["nohup", "nice", "-n", "5", "/bin/sh", "x"]), "sh");
    assert.equal(shellIn(["C:\\Windows\\System32\\cmd.exe", "/c", "x"]), "cmd.exe");
    assert.equal(shellIn(["/usr/bin/node", "server.js", "bash"]), undefined);
    assert.equal(shellIn([]), undefined);
  });

  it("finds inline code before the script, not after it", () => {
    assert.equal(inlineCodeFlag(["/usr/bin/env", "node", "--no-warnings", "-e", "x"]), "-e");
    assert.equal(inlineCodeFlag(["node", "server.js", "-e", "production"]), undefined);
    assert.equal(inlineCodeFlag(["/opt/app/server", "-e"]), undefined);
  });
});
