import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadSigma, type LoadedSigma } from "../../../kernel/sigma/load";
import type { Placeholders } from "../../../kernel/sigma/modifiers";
import { DEFAULT_PACK } from "./pack";

/** The engine's own rules, and those of the folder and the folders in it. */
export async function loadRules(folder: string | undefined, placeholders: Placeholders): Promise<LoadedSigma> {
  const files = [...DEFAULT_PACK];
  if (folder !== undefined) {
    for (const entry of (await readdir(folder, { recursive: true, withFileTypes: true })).filter((one) =>
      one.isFile(),
    )) {
      if (!/\.ya?ml$/.test(entry.name)) continue;
      const file = join(entry.parentPath, entry.name);
      files.push({ source: file, text: await readFile(file, "utf8") });
    }
  }
  return loadSigma(files, { placeholders });
}
