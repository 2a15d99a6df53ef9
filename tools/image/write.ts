import {
  chmodSync,
  closeSync,
  lchownSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Content } from "./content";
import type { FileTree } from "./tree";

/** Writes a file in one step, so that nobody loads half an image. */
export function writeContent(file: string, content: Content): void {
  mkdirSync(dirname(file), { recursive: true });
  const partial = `${file}.${String(process.pid)}`;
  try {
    copy(content, partial, 0o644);
    renameSync(partial, file);
  } finally {
    rmSync(partial, { force: true });
  }
}

/**
 * Lays a tree out below a folder. Owners are set where this process is root; otherwise all is its user's.
 * Writes over files that are there, so that layers can be laid one over the other.
 */
export function writeTree(folder: string, tree: FileTree): void {
  mkdirSync(folder, { recursive: true });
  for (const [path, node] of tree.entries()) {
    const target = join(folder, path);
    switch (node.type) {
      case "directory":
        mkdirSync(target, { recursive: true });
        chmodSync(target, node.mode);
        break;
      case "file":
        copy(node.content, target, node.mode);
        break;
      case "symlink":
        rmSync(target, { force: true });
        symlinkSync(node.target, target);
        break;
    }
    if (process.getuid?.() === 0) lchownSync(target, node.owner.uid, node.owner.gid);
  }
}

function copy(content: Content, file: string, mode: number): void {
  const output = openSync(file, "w");
  try {
    for (const chunk of content.chunks()) {
      for (let at = 0; at < chunk.length;) at += writeSync(output, chunk, at);
    }
  } finally {
    closeSync(output);
  }
  chmodSync(file, mode); // whatever the umask
}
