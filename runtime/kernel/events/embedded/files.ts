import { open, rename } from "node:fs/promises";

/** Replaces the file in one step: after a crash there is the old content or the new, never a mixture. */
export async function replaceFile(path: string, text: string, sync: boolean): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, "w");
  try {
    await file.writeFile(text);
    if (sync) await file.datasync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
