"use strict";
// The supervisor as a process of its own, for tests that have to kill it: node supervisor-entry.js <folder>
require("ts-node/register/transpile-only");
const pino = require("pino");
const { systemClock } = require("../../runtime/kernel/clock");
const { runSupervisor } = require("../../runtime/kernel/cluster/local/supervisor");

const stop = new AbortController();
process.on("SIGTERM", () => stop.abort());
// A test run that dies takes its supervisor, and so every workload, along.
process.on("disconnect", () => stop.abort());
runSupervisor({ directory: process.argv[2], log: pino(), clock: systemClock, signal: stop.signal }).then(
  () => process.exit(0),
  (error) => {
    console.error(`${error.code}: ${error.message}`);
    process.exit(1);
  },
);
