import { loadPolicySync } from "@open-policy-agent/opa-wasm";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EntityStore } from "../../../runtime/security/zero-trust-gateway/policy/entities";
import type { EntityRecord, EntityRef } from "../../../runtime/security/zero-trust-gateway/contracts";
import type { Contender } from "./contender";
import { NEEDS, ROLES } from "./github";

/** The github app in Rego, over ancestors that were computed before, as ours are. */
export const REGO = `
package app
import rego.v1
default allow := false
allow if data.ancestors[input.principal][data.repositories[input.resource][data.needs[input.action]]]
allow if data.ancestors[input.principal][data.repositories[input.resource].owners]
`;

/** OPA compiled to WebAssembly; undefined where there is no program \`opa\` (on the PATH, or named by OPA) to compile with. */
export function opa(): Contender | undefined {
  const program = compile();
  if (!program) return undefined;
  return {
    name: "OPA (wasm)",
    questions: 100,
    open(app, { entities }) {
      if (app.name !== "github") return Promise.resolve(undefined);
      const policy = loadPolicySync(program);
      policy.setData(opaData(entities));
      return Promise.resolve(({ principal, action, resource }) => {
        const [answer] = policy.evaluate({
          principal: keyOf(principal),
          action: action.id,
          resource: keyOf(resource),
        }) as { result: boolean }[];
        return answer!.result;
      });
    },
  };
}

/** The app's store as Rego's `data`. */
export function opaData(entities: readonly EntityRecord[]): object {
  const store = EntityStore.of(entities, undefined);
  const of = (json: unknown): string => keyOf((json as { __entity: EntityRef }).__entity);
  const inside = (key: string): Record<string, true> =>
    Object.fromEntries([...store.get(key)!.ancestors].map((ancestor) => [ancestor, true]));
  return {
    needs: NEEDS,
    ancestors: Object.fromEntries(entities.map((record) => [keyOf(record), inside(keyOf(record))])),
    repositories: Object.fromEntries(
      entities
        .filter(({ type }) => type === "Repository")
        .map((repository) => [
          keyOf(repository),
          {
            ...Object.fromEntries(ROLES.map((role) => [role, of(repository.attributes[role])])),
            owners: of(store.get(of(repository.attributes.owner))!.record.attributes.owners),
          },
        ]),
    ),
  };
}

export function keyOf({ type, id }: EntityRef): string {
  return `${type}::"${id}"`;
}

/** The program `opa` that OPA names or that is on the PATH; undefined where there is none. */
export function opaProgram(): string | undefined {
  const program = process.env.OPA ?? "opa";
  return spawnSync(program, ["version"], { stdio: "ignore" }).status === 0 ? program : undefined;
}

function compile(): Buffer | undefined {
  const folder = mkdtempSync(join(tmpdir(), "mno-bench-opa-"));
  try {
    writeFileSync(join(folder, "app.rego"), REGO);
    const bundle = join(folder, "bundle.tar.gz");
    execFileSync(process.env.OPA ?? "opa", ["build", "-t", "wasm", "-e", "app/allow", "-o", bundle, "app.rego"], {
      cwd: folder,
      stdio: "ignore",
    });
    execFileSync("tar", ["-xzf", bundle, "-C", folder, "/policy.wasm"]);
    return readFileSync(join(folder, "policy.wasm"));
  } catch {
    return undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
