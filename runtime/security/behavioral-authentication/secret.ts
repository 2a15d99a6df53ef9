import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { MnoError } from "../../exports";
import type { BehaviourStore } from "./store";
import type { Vault } from "./vault";

const FILE = "behavioral-authentication.key";
const BYTES = 32;

/** The secret in the state folder, made where there is none: only its owner can read it. */
export function secretIn(stateFolder: string): string {
  const path = join(stateFolder, FILE);
  mkdirSync(dirname(path), { recursive: true });
  try {
    writeFileSync(path, randomBytes(BYTES).toString("base64"), { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return readFileSync(path, "utf8").trim();
}

/** Errors: MNO_CONFIG_INVALID where the database was written under another secret: every record would be lost. */
export async function checkSecret(store: BehaviourStore, vault: Vault): Promise<void> {
  const mine = vault.pseudonym("check", "secret");
  if ((await store.meta("secret", mine)) === mine) return;
  throw new MnoError(
    "MNO_CONFIG_INVALID",
    "MNO_BA_SECRET is not the secret that the database's records are sealed under; give all replicas the one it was made with",
  );
}
