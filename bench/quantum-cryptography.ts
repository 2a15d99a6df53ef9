import { existsSync } from "node:fs";
import path from "node:path";
import type { BenchRow } from "./contract";
import { envelopeSpeed, tampering } from "./quantum-cryptography/envelopes";
import { interoperability } from "./quantum-cryptography/interoperability";
import { rotation } from "./quantum-cryptography/rotation";
import { besidePlatform, xWing } from "./quantum-cryptography/speed";
import type { VectorReport } from "./quantum-cryptography/vectors/read";
import { runVectors } from "./quantum-cryptography/vectors/run";

const DATA = path.join(__dirname, "../../shared/data/security/pqc");

/**
 * The cryptography library and the key service: published vectors on both implementations, random cases between them,
 * tampered envelopes, speed beside @noble and node:crypto, envelopes beside classical ones, and a rotation under load.
 * `--data` is a folder with `acvp`, `wycheproof` and `hybrids`; without it, and without ../shared/data, vectors are left out.
 */
export async function run({ data = DATA }: { data?: string } = {}): Promise<BenchRow[]> {
  if (!existsSync(data))
    process.stderr.write(`no test vectors at ${data}: they are not run; name a folder with --data\n`);
  const vectors = existsSync(data) ? runVectors(data) : [];
  for (const { implementation, family, file, failures } of vectors) {
    for (const failure of failures) process.stderr.write(`${implementation} ${family} ${file} ${failure}\n`);
  }
  return [
    ...vectors.flatMap(rowsOf),
    ...totals(vectors),
    ...tampering(),
    ...xWing(),
    ...besidePlatform(),
    ...envelopeSpeed(),
    ...interoperability(),
    ...(await rotation()),
  ];
}

function rowsOf({ implementation, family, file, run, failed, notApplicable }: VectorReport): BenchRow[] {
  const beyond = notApplicable === 0 ? "" : ` (${notApplicable} need what it cannot do)`;
  const row = { work: `${family} ${file}, ${implementation}${beyond}`, unit: "vectors", spread: 0, peers: {} };
  return [
    { ...row, metric: "vectors_run", better: "higher", ours: run, bound: run + notApplicable },
    { ...row, metric: "vectors_failed", better: "lower", ours: failed },
  ];
}

function totals(reports: readonly VectorReport[]): BenchRow[] {
  return [...new Set(reports.map(({ implementation }) => implementation))].flatMap((implementation) => {
    const own = reports.filter((report) => report.implementation === implementation);
    const sum = (member: "run" | "failed" | "notApplicable"): number =>
      own.reduce((total, report) => total + report[member], 0);
    const row = { work: `all vectors, ${implementation}`, unit: "vectors", spread: 0, peers: {} };
    return [
      { ...row, metric: "vectors_run", better: "higher", ours: sum("run"), bound: sum("run") + sum("notApplicable") },
      { ...row, metric: "vectors_failed", better: "lower", ours: sum("failed") },
    ];
  });
}
