"use strict";
// A service that does as it is told over HTTP, so that tests can make it fail in every way that services do.
const http = require("node:http");
const { spawn } = require("node:child_process");

const exitAfter = Number(process.env.EXIT_AFTER_MS ?? NaN);
if (exitAfter >= 0) setTimeout(() => process.exit(Number(process.env.EXIT_CODE ?? 1)), exitAfter);
console.log(`version ${process.env.VERSION ?? "none"}`);
if (process.env.SECRET) console.log(`the secret is ${process.env.SECRET}`);
const grandchild = process.env.GRANDCHILD ? spawn("sleep", ["300"], { stdio: "ignore" }) : undefined;

/** After its first answer it blocks for so long, as a database that is being made does, and is ready then. */
const blockFor = Number(process.env.BLOCK_BEFORE_READY_MS ?? 0);
let ready = blockFor === 0;
function blockOnce() {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockFor);
  ready = true;
}

let hung = false;
const server = http.createServer((request, response) => {
  if (hung) return; // accepts, and never answers
  if (request.url === "/hang") hung = true;
  if (request.url === "/ready" && !ready) return void response.writeHead(503).end();
  if (!ready) response.once("finish", () => setTimeout(blockOnce, 10));
  const body = {
    replica: process.env.MNO_REPLICA,
    pid: process.pid,
    version: process.env.VERSION,
    cluster: process.env.MNO_CLUSTER_URL,
    grandchild: grandchild?.pid,
    environment: Object.keys(process.env),
  };
  // Some work, so that requests are in flight whenever the replica is told to stop.
  setTimeout(() => response.end(JSON.stringify(body)), request.url === "/work" ? 5 : 0);
});
if (process.env.PORT) server.listen(Number(process.env.PORT), process.env.HOST ?? "127.0.0.1");
else setInterval(() => undefined, 1000);

process.on("SIGTERM", () => {
  if (process.env.IGNORE_SIGTERM) return;
  server.close(() => process.exit(0));
  if (!process.env.PORT || hung) process.exit(0);
});
