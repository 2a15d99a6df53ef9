import { MnoError } from "../../runtime/exports";
import { ensureToolchain } from "./pulumi";

/** Makes sure of Pulumi before a lane that needs it, so that a first build shows its progress instead of a test's time-out. */
ensureToolchain((line) => process.stdout.write(`  ${line}\n`)).then(
  ({ origin }) => process.stdout.write(`  pulumi: ${origin}\n`),
  (error: unknown) => {
    process.stderr.write(`${error instanceof MnoError ? `${error.code}: ` : ""}${(error as Error).message}\n`);
    process.exit(1);
  },
);
