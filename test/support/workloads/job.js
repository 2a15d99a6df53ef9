"use strict";
// A job that runs for DURATION_MS and ends with EXIT_CODE.
console.log("job started");
setTimeout(
  () => {
    console.error("job ends");
    process.exitCode = Number(process.env.EXIT_CODE ?? 0);
  },
  Number(process.env.DURATION_MS ?? 0),
);
