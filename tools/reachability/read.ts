import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { MnoError } from "../../runtime/exports";
import type { KubernetesObject } from "./model";

/**
 * Every object of YAML and JSON files; of a folder, all such files in it and below, as `renderYamlToDirectory` writes them.
 * @throws MNO_COMMAND_LINE_INVALID where a path is not there or holds no manifest; MNO_MANIFEST_INVALID for a file that does
 * not parse.
 */
export function readManifests(paths: readonly string[]): KubernetesObject[] {
  return paths.flatMap((path) => {
    const files = filesOf(path);
    if (files.length === 0)
      throw new MnoError("MNO_COMMAND_LINE_INVALID", `${path} holds no .yaml, .yml or .json file`);
    return files.flatMap(readFile);
  });
}

function filesOf(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path, { recursive: true, encoding: "utf8" })
      .filter((name) => /\.(ya?ml|json)$/.test(name))
      .sort()
      .map((name) => join(path, name));
  } catch (error) {
    throw new MnoError("MNO_COMMAND_LINE_INVALID", `${path} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function readFile(file: string): KubernetesObject[] {
  const documents = parseAllDocuments(readFileSync(file, "utf8"));
  return (Array.isArray(documents) ? documents : []).flatMap((document) => {
    const [fault] = document.errors;
    if (fault) throw new MnoError("MNO_MANIFEST_INVALID", `${file}: ${fault.message}`, { cause: fault });
    const object = document.toJS() as KubernetesObject | null;
    return object === null ? [] : [object];
  });
}
