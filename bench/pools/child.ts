import type { Library } from "./libraries";
import { LOADED, type Scenario, SCENARIOS } from "./scenarios";

/** `child.ts <scenario> <library>`: prints that it has loaded, then the scenario's figures as JSON. */
const [scenario, library] = process.argv.slice(2) as [Scenario, Library];
process.stdout.write(LOADED, () => {
  void SCENARIOS[scenario](library).then((figures) => {
    process.stdout.write(JSON.stringify(figures), () => process.exit(0));
  });
});
