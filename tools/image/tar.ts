import type { Content } from "./content";
import { type FileTree, type Node, ROOT_OWNER } from "./tree";

/**
 * POSIX tar (ustar, with pax records where a path is too long for it), written so that the same entries give the same bytes:
 * sorted, times zero, owners by number only. Source: IEEE Std 1003.1, pax, "ustar Interchange Format".
 */
export function tar(entries: readonly [path: string, node: Node][]): Content {
  const members = entries.flatMap(([path, node]) => member(path.replace(/^\//, ""), node));
  members.push({ header: Buffer.alloc(2 * BLOCK_BYTES) });
  return {
    size: members.reduce((sum, { header, content }) => sum + header.length + padded(content?.size ?? 0), 0),
    *chunks() {
      for (const { header, content } of members) {
        yield header;
        if (content === undefined) continue;
        yield* content.chunks();
        yield Buffer.alloc(padded(content.size) - content.size);
      }
    },
  };
}

/** A layer of an image. */
export const tarOf = (tree: FileTree): Content => tar(tree.entries());

interface Member {
  header: Buffer;
  content?: Content;
}

const BLOCK_BYTES = 512;
const NAME_BYTES = 100;
const TYPE_FLAGS = { file: "0", symlink: "2", directory: "5" } as const;

function member(path: string, node: Node): Member[] {
  const name = node.type === "directory" ? `${path}/` : path;
  const link = node.type === "symlink" ? node.target : "";
  const content = node.type === "file" ? node.content : undefined;
  const long = [
    ...(Buffer.byteLength(name) > NAME_BYTES ? [paxRecord("path", name)] : []),
    ...(Buffer.byteLength(link) > NAME_BYTES ? [paxRecord("linkpath", link)] : []),
  ].join("");
  const own = header(name, TYPE_FLAGS[node.type], node, content?.size ?? 0, link);
  if (long === "") return [{ header: own, content }];
  const records = Buffer.alloc(padded(Buffer.byteLength(long)));
  records.write(long);
  const pax = { type: "file", mode: 0o644, owner: ROOT_OWNER } as const;
  return [
    { header: Buffer.concat([header("pax", "x", pax, Buffer.byteLength(long), ""), records]) },
    { header: own, content },
  ];
}

type Attributes = Pick<Node, "owner"> & ({ type: "symlink" } | { type: "file" | "directory"; mode: number });

function header(name: string, flag: string, node: Attributes, size: number, link: string): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, offset: number, width: number): void => {
    block.write(value.toString(8).padStart(width - 1, "0"), offset, "ascii");
  };
  Buffer.from(name).copy(block, 0, 0, NAME_BYTES);
  octal(node.type === "symlink" ? 0o777 : node.mode, 100, 8);
  octal(node.owner.uid, 108, 8);
  octal(node.owner.gid, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12); // time of change
  block.write(flag, 156, "ascii");
  Buffer.from(link).copy(block, 157, 0, NAME_BYTES);
  block.write("ustar\0" + "00", 257, "ascii");
  block.fill(" ", 148, 156); // the checksum counts itself as spaces
  const checksum = block.reduce((sum, byte) => sum + byte, 0);
  block.write(`${checksum.toString(8).padStart(6, "0")}\0 `, 148, "ascii");
  return block;
}

/** "<length> <key>=<value>\n", the length counting its own digits. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  const digits = String(bytes + String(bytes).length).length;
  return `${String(bytes + digits)}${rest}`;
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
}
