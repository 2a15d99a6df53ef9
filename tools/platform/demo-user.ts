import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hashPassword } from "../../runtime/security/zero-trust-gateway/identity/login/passwords";
import { STATE } from "../paths";

export interface DemoUser {
  name: string;
  password: string;
  /** What the gateway gets of it. */
  passwordHash: string;
}

const FILE = join(STATE, "demo-user.json");

/** The user of the demonstration, with a password that this machine made for it once; stacks/local.ts reads the file. */
export async function ensureDemoUser(): Promise<DemoUser> {
  if (existsSync(FILE)) return JSON.parse(readFileSync(FILE, "utf8")) as DemoUser;
  const password = randomBytes(9).toString("base64url");
  const user = { name: "alice", password, passwordHash: await hashPassword(password) };
  writeFileSync(FILE, `${JSON.stringify(user, undefined, 2)}\n`, { mode: 0o600 });
  return user;
}
