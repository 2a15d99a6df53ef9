import { Type } from "@sinclair/typebox";
import type { EngineName } from "../../runtime/exports";
import { systemClock } from "../../runtime/kernel/clock";
import type { AgentDefinition } from "../../runtime/kernel/lifecycle/agent";
import { Host } from "../../runtime/kernel/lifecycle/host";
import { createLogger } from "../../runtime/kernel/telemetry/logs";

/** A host with a steady agent and one that fails in every way an agent can. Prints its URL; drains on SIGTERM. */
const steady: AgentDefinition = {
  name: "elastic-resource-manager",
  configuration: Type.Object({}),
  start: async ({ http }) => {
    http.get("/ping", async () => ({ pid: process.pid }));
    http.get("/slow", async () => {
      await systemClock.sleep(700);
      return { slow: true };
    });
  },
};

const troubled: AgentDefinition = {
  name: "auto-scaling-engine",
  configuration: Type.Object({}),
  start: async ({ http, every, onStop, readyWhen }) => {
    let healthy = true;
    readyWhen("mood", async () => {
      if (!healthy) throw new Error("in a bad mood");
    });
    onStop(async () => {
      process.stderr.write("troubled was cleaned up\n");
    });
    every("loop", 10, async () => {
      throw new Error("a failing round");
    });
    http.get("/ping", async () => ({ ok: true }));
    http.post("/sulk", async () => {
      healthy = false;
      return {};
    });
    http.post("/throw", async () => {
      throw new Error("in a handler, with a secret inside");
    });
    http.post("/stray", async () => {
      setTimeout(() => {
        throw new Error("in a timer");
      }, 1);
      return {};
    });
    http.post("/reject", async () => {
      void Promise.reject(new Error("nobody waits for this"));
      return {};
    });
  },
};

const host = new Host({
  target: "all",
  version: "0.0.0",
  agents: [steady, troubled] satisfies { name: EngineName }[],
  configuration: { environment: process.env, file: {} },
  log: (level) => createLogger("test", level, { write: () => undefined }),
  clock: systemClock,
  random: () => 0,
});
host.chargeFaults(() => process.exit(1));
process.on("SIGTERM", () => void host.drain().then(() => process.exit(0)));
void host.start().then((url) => process.stdout.write(`${url}\n`));
