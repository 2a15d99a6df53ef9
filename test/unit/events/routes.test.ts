import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Fastify from "fastify";
import { pino } from "pino";
import { systemClock } from "../../../runtime/kernel/clock";
import { createEvent } from "../../../runtime/kernel/events/codec";
import { openBus } from "../../../runtime/kernel/events/open";
import { installDeadLetterRoutes } from "../../../runtime/kernel/events/routes";
import { installProblems } from "../../../runtime/kernel/http/problems";
import { createMetrics } from "../../../runtime/kernel/telemetry/metrics";
import { tracer } from "../../../runtime/kernel/telemetry/traces";

describe("dead letters over HTTP", () => {
  it("lists what an engine could not handle, and delivers it again when told", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mno-letters-"));
    const deps = { clock: systemClock, log: pino({ level: "silent" }), tracer, metrics: createMetrics() };
    const bus = await openBus(`embedded:${folder}`, deps);
    const http = Fastify();
    installProblems(http);
    installDeadLetterRoutes(http, bus, "engine");
    try {
      let mended = false;
      const handled: string[] = [];
      let settle = (): void => undefined;
      const settled = new Promise<void>((resolve) => (settle = resolve));
      const type = "mno.scalability.workload.scaled";
      await bus.subscribe({ consumer: "engine", types: [type], maxDeliveries: 1 }, async (event) => {
        if (!mended) throw new Error("a poison event");
        handled.push(event.id);
        settle();
      });
      const data = { workload: "w", decisionId: "d", fromReplicas: 1, toReplicas: 2, reason: "test" };
      const event = createEvent({ type, source: "/mno/test", subject: "w", data }, { clock: systemClock, tracer });
      await bus.publish(event);
      let items: { event: { id: string }; error: string }[] = [];
      while (items.length === 0) {
        items = (await http.inject({ url: "/v1/dead-letters" })).json<{ items: typeof items }>().items;
      }
      assert.equal(items[0]?.event.id, event.id);
      assert.match(items[0].error, /a poison event/);

      mended = true;
      const redriven = await http.inject({ method: "POST", url: `/v1/dead-letters/${event.id}/redrive` });
      assert.equal(redriven.statusCode, 204);
      await settled;
      assert.deepEqual(handled, [event.id]);
      assert.deepEqual((await http.inject({ url: "/v1/dead-letters" })).json(), { items: [] });
      const unknown = await http.inject({ method: "POST", url: "/v1/dead-letters/no-such/redrive" });
      assert.equal(unknown.statusCode, 404);
    } finally {
      await http.close();
      await bus.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
