import * as floor from "./doors/floor";
import * as load from "./doors/load";
import * as compare from "./policy/compare";

const PROGRAMS = { compare, floor, load };
export type Program = keyof typeof PROGRAMS;

/** A child process: runs the program that its parent named, once for each message. */
function main(): void {
  const { run } = PROGRAMS[process.argv[2] as Program] as { run: (parameter: unknown) => Promise<unknown> };
  process.on("message", (parameter) => {
    run(parameter).then(
      (value) => process.send?.({ value }),
      (error: Error) => process.send?.({ error: String(error.stack) }),
    );
  });
  process.on("disconnect", () => process.exit());
}

main();
