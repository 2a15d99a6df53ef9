import assert from "node:assert/strict";
import { parseArguments } from "../../../tools/cluster/arguments";

describe("npm run cluster: the command line", () => {
  it("takes each command, and how long etcd keeps history", () => {
    assert.deepEqual(parseArguments(["down"]), { command: "down" });
    assert.deepEqual(parseArguments(["up", "--compaction-interval=30s"]), {
      command: "up",
      compactionInterval: "30s",
    });
  });

  for (const [what, argv] of Object.entries({
    "no command": [],
    "an unknown command": ["start"],
    "an unknown option": ["up", "--fast"],
    "a duration without a unit": ["up", "--compaction-interval=30"],
    "an option of another command": ["down", "--compaction-interval=30s"],
  })) {
    it(`refuses ${what} and says what is right`, () => {
      assert.throws(() => parseArguments(argv), {
        code: "MNO_COMMAND_LINE_INVALID",
        message: /Usage: npm run cluster/,
      });
    });
  }
});
