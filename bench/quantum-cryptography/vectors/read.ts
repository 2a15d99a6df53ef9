import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { MnoError } from "../../../runtime/exports";
import type { Provider } from "../../../runtime/kernel/crypto/provider";

/** How the vectors of one file fared with one implementation. */
export interface VectorReport {
  /** acvp, wycheproof or hybrids. */
  family: string;
  file: string;
  implementation: Provider["name"];
  run: number;
  failed: number;
  /** What the implementation cannot do at all, such as given randomness. */
  notApplicable: number;
  /** The first few failures: which case, and what came instead. */
  failures: string[];
}

export class Tally implements VectorReport {
  run = 0;
  failed = 0;
  notApplicable = 0;
  readonly failures: string[] = [];

  constructor(
    readonly family: string,
    readonly file: string,
    readonly implementation: Provider["name"],
  ) {}

  /** One vector: `check` says whether the implementation does what the vector says. */
  vector(id: string | number, check: () => boolean): void {
    let fault: string;
    try {
      const right = check();
      this.run += 1;
      if (right) return;
      fault = "another result";
    } catch (error) {
      if (error instanceof MnoError && error.code === "MNO_CRYPTO_UNSUPPORTED") {
        this.notApplicable += 1;
        return;
      }
      this.run += 1;
      fault = (error as Error).message;
    }
    this.failed += 1;
    if (this.failures.length < 5) this.failures.push(`${id}: ${fault}`);
  }
}

/** Whether the operation refuses its input, in the catalogue's terms; what it cannot do, or any other error, stays one. */
export function refuses(operation: () => unknown): boolean {
  try {
    operation();
    return false;
  } catch (error) {
    if (error instanceof MnoError && ["MNO_CRYPTO_INPUT_INVALID", "MNO_CRYPTO_OPEN_FAILED"].includes(error.code))
      return true;
    throw error;
  }
}

export const bytes = (hex: string): Buffer => Buffer.from(hex, "hex");
export const same = (left: Uint8Array, hex: string): boolean => Buffer.from(left).equals(bytes(hex));

export function readJson<T>(file: string): T {
  const raw = readFileSync(file);
  return JSON.parse((file.endsWith(".gz") ? gunzipSync(raw) : raw).toString("utf8")) as T;
}

/** Files below the folder whose names match, sorted; none where there is no folder. */
export function filesOf(folder: string, pattern: RegExp): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return entries
    .filter((entry) => pattern.test(path.basename(entry)))
    .sort()
    .map((entry) => path.join(folder, entry));
}
