import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { type InspectableRequest } from "../../runtime/kernel/http-inspection/inspection";

/** What Coraza with CRS said of one request, at paranoia levels 1 to 4. */
export interface CorazaAnswer {
  readonly blocked: readonly boolean[];
  readonly us: readonly number[];
}

export interface Inspected {
  readonly id: string;
  readonly request: InspectableRequest;
  readonly body?: Buffer;
}

/**
 * Asks a program that the path in MNO_BENCH_CORAZA names: it reads lines of JSON `{id, method, target, headers: [[name, value]],
 * body: base64}` and answers each by a line `{id, blocked: [4 booleans], us: [4 numbers]}`. Undefined where there is none.
 * Such a program is a page of Go around github.com/corazawaf/coraza/v3 and coraza-coreruleset/v4: blocking mode, request body
 * access on, the CRS example set-up, threshold 5, one WAF per `tx.blocking_paranoia_level`.
 */
export function askCoraza(requests: readonly Inspected[]): Map<string, CorazaAnswer> | undefined {
  const program = process.env.MNO_BENCH_CORAZA;
  if (program === undefined || !existsSync(program)) return undefined;
  const lines = requests.map(({ id, request, body }) =>
    JSON.stringify({
      id,
      method: request.method,
      target: request.target,
      headers: Object.entries(request.headers).flatMap(([name, values]) => values.map((value) => [name, value])),
      body: body?.toString("base64") ?? "",
    }),
  );
  const run = spawnSync(program, [], { input: lines.join("\n"), maxBuffer: 1 << 28, encoding: "utf8" });
  if (run.status !== 0) throw new Error(`${program} ended with ${run.status}: ${run.stderr.slice(0, 500)}`);
  return new Map(
    run.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as CorazaAnswer & { id: string })
      .map((answer) => [answer.id, answer]),
  );
}
