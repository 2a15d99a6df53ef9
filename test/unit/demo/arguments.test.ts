import assert from "node:assert/strict";
import { MnoError } from "../../../runtime/exports";
import { readArguments, USAGE } from "../../../tools/demo-load/arguments";

describe("demo load: command line", () => {
  it("has the defaults that the usage names", () => {
    const { speed, scale, maxTokens, maxInFlight, timeoutSeconds, sloMs, settleSeconds, ...rest } = readArguments([]);
    const numbers = [speed, scale, maxTokens, maxInFlight, timeoutSeconds, sloMs, settleSeconds];
    const named = [...USAGE.matchAll(/\(default (\d+)\)/g)].map((match) => Number(match[1]));
    assert.deepEqual(numbers, named);
    assert.deepEqual(rest, {
      url: "http://127.0.0.1:4690",
      api: "http://127.0.0.1:4600",
      workload: "demo",
      lease: true,
      plain: false,
      help: false,
    });
  });

  it("takes every option", () => {
    const line =
      "--speed 30 --scale 0.5 --seconds 10 --url http://127.0.0.1:8080/ --api http://127.0.0.1:9090 --workload shop";
    const options = readArguments([...line.split(" "), "--trace", "my trace.csv", "--plain", "--no-lease"]);
    assert.deepEqual(
      [
        options.speed,
        options.scale,
        options.seconds,
        options.url,
        options.api,
        options.workload,
        options.trace,
        options.plain,
        options.lease,
      ],
      [30, 0.5, 10, "http://127.0.0.1:8080", "http://127.0.0.1:9090", "shop", "my trace.csv", true, false],
    );
  });

  it("reports every bad value at once, with the usage", () => {
    assert.throws(
      () =>
        readArguments([
          "--speed",
          "fast",
          "--scale",
          "0",
          "--max-in-flight",
          "1.5",
          "--url",
          "localhost:4680",
          "--slo=",
        ]),
      (error) => {
        assert(error instanceof MnoError);
        assert.equal(error.code, "MNO_COMMAND_LINE_INVALID");
        assert.deepEqual(error.faults.map(({ field }) => field).sort(), [
          "--max-in-flight",
          "--scale",
          "--slo",
          "--speed",
          "--url",
        ]);
        assert.ok(error.message.endsWith(USAGE));
        return true;
      },
    );
  });

  it("refuses an option that does not exist, with the usage", () => {
    assert.throws(
      () => readArguments(["--sped", "60"]),
      (error) =>
        error instanceof MnoError &&
        error.code === "MNO_COMMAND_LINE_INVALID" &&
        error.message.includes("'--sped'") &&
        error.message.endsWith(USAGE),
    );
  });
});
