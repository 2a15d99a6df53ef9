import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { MnoError } from "../../runtime/exports";

export interface Crd {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: Record<string, unknown>;
}

/**
 * The CustomResourceDefinitions in a YAML file, or in the YAML files of a folder and those below it, by name; other objects
 * are left out. Errors: MNO_COMPONENT_ARGS_INVALID when there is no such path, no definition in it, or one twice.
 */
export function readCrds(path: string): Crd[] {
  const crds = yamlFiles(path)
    .flatMap((file) => parse(file))
    .sort((a, b) => a.metadata.name.localeCompare(b.metadata.name));
  const names = crds.map((crd) => crd.metadata.name);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  if (crds.length === 0) throw invalid(`${path} holds no CustomResourceDefinition`);
  if (twice.length > 0) throw invalid(`${path} holds ${twice.join(", ")} more than once`);
  return crds;
}

function yamlFiles(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) throw invalid(`there is no file or folder ${path}`);
  if (stat.isFile()) return [path];
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.ya?ml$/.test(file))
    .map((file) => join(path, file));
}

function parse(file: string): Crd[] {
  const documents = parseAllDocuments(readFileSync(file, "utf8"));
  return documents.flatMap((document) => {
    const [fault] = document.errors;
    if (fault) throw invalid(`${file} is not valid YAML: ${fault.message}`);
    const object = document.toJS() as Crd | null;
    return object?.kind === "CustomResourceDefinition" ? [object] : [];
  });
}

function invalid(why: string): MnoError {
  return new MnoError("MNO_COMPONENT_ARGS_INVALID", `MNO_COMPONENT_ARGS_INVALID: ${why}`);
}
