import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { MnoError } from "../../../exports";
import type { EntityRecord } from "../contracts";
import type { Bundle, Link } from "./bundle";
import { ENTITIES_FILE, LINKS_FILE, readJson } from "./wire";

export interface FolderContent {
  /** Changes with any byte of it. */
  readonly digest: string;
  readonly bundle: Bundle;
  readonly entities: readonly EntityRecord[];
}

const MAX_BYTES = 16 * 2 ** 20;
const SCHEMA_FILES = ["schema.cedarschema", "schema.cedarschema.json"];

/**
 * Reads `*.cedar` (each a set of its name), `schema.cedarschema` or `schema.cedarschema.json`, `links.json` and
 * `entities.json`. Errors: MNO_POLICY_INVALID.
 */
export async function readFolder(folder: string): Promise<FolderContent> {
  const texts = new Map<string, string>();
  let bytes = 0;
  for (const name of (await list(folder)).sort()) {
    if (!name.endsWith(".cedar") && ![...SCHEMA_FILES, "links.json", "entities.json"].includes(name)) continue;
    bytes += (await stat(join(folder, name))).size;
    if (bytes > MAX_BYTES) throw invalid(`the files have more than ${MAX_BYTES} bytes`);
    texts.set(name, await readFile(join(folder, name), "utf8"));
  }
  const digest = createHash("sha256")
    .update(JSON.stringify([...texts]))
    .digest("hex");
  const schemas = SCHEMA_FILES.filter((name) => texts.has(name));
  if (schemas.length > 1) throw invalid(`there are two schemas, ${schemas.join(" and ")}`);
  const schema = schemas[0] && texts.get(schemas[0]);
  const sets: Record<string, { text: string; links?: readonly Link[] }> = {};
  for (const [name, text] of texts) if (name.endsWith(".cedar")) sets[name.slice(0, -".cedar".length)] = { text };
  const links = texts.get("links.json");
  if (links !== undefined)
    sets.links = { text: sets.links?.text ?? "", links: readJson(LINKS_FILE, links, "links.json") };
  const entities = texts.get("entities.json");
  return {
    digest,
    bundle: { sets, ...(schema !== undefined && { schema }) },
    entities: entities === undefined ? [] : readJson(ENTITIES_FILE, entities, "entities.json"),
  };
}

async function list(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    throw invalid(`it cannot be read: ${(error as Error).message}`, error);
  }
}

function invalid(detail: string, cause?: unknown): MnoError {
  return new MnoError("MNO_POLICY_INVALID", `MNO_ZTG_POLICIES_DIR: ${detail}`, cause === undefined ? {} : { cause });
}
