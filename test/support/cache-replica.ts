import pino from "pino";
import { openCache } from "../../runtime/kernel/cache/open";
import { createMetrics } from "../../runtime/kernel/telemetry/metrics";
import { serveCache } from "./cache-replica-protocol";

/** A replica with the kernel's cache. Arguments: name, Redis URL, maxStaleSeconds. */
const [name = "", url = "", maxStaleSeconds = "5"] = process.argv.slice(2);
const cache = openCache({
  url,
  log: pino({ level: "silent" }),
  metrics: createMetrics(),
  random: Math.random,
  namespace: "replicas",
  maxStaleSeconds: Number(maxStaleSeconds),
});
serveCache(name, cache);
