import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { imageFromPrograms } from "../../../tools/image/debian";
import { addFromHost, addLibrariesOf } from "../../../tools/image/host";
import { FileTree } from "../../../tools/image/tree";
import { writeTree } from "../../../tools/image/write";

/** Follows links as the kernel does, below the tree's root. */
function leadsSomewhere(tree: FileTree, path: string): boolean {
  let here = "/";
  for (const [index, part] of path.split("/").slice(1).entries()) {
    const next = posix.join(here, part);
    const node = tree.get(next);
    if (node === undefined) return false;
    const rest = path.split("/").slice(index + 2);
    if (node.type === "symlink") return leadsSomewhere(tree, posix.join(posix.resolve(here, node.target), ...rest));
    here = next;
  }
  return true;
}

describe("images of installed programs", () => {
  it("have the program, its libraries and the loader, with no link that leads nowhere", () => {
    const tree = new FileTree();
    const libraries = addLibrariesOf(tree, addFromHost(tree, "/bin/sh"));
    assert.ok(
      libraries.some((path) => /\/libc\.so\.6$/.test(path)),
      libraries.join(),
    );
    assert.ok(
      libraries.some((path) => /\/ld-linux[^/]*$/.test(path)),
      libraries.join(),
    );
    for (const [path] of tree.entries()) assert.ok(leadsSomewhere(tree, path), path);
  });

  it("run on their own loader and libraries alone", () => {
    const root = mkdtempSync(join(tmpdir(), "mno-programs-"));
    try {
      const tree = new FileTree();
      const libraries = addLibrariesOf(tree, addFromHost(tree, "/bin/sh"));
      writeTree(root, tree);
      const loader = libraries.find((path) => /\/ld-linux[^/]*$/.test(path)) ?? "";
      const folders = [...new Set(libraries.map((path) => join(root, posix.dirname(path))))].join(":");
      const ran = spawnSync(
        join(root, loader),
        [
          "--inhibit-cache",
          "--library-path",
          folders,
          join(root, "bin/sh"),
          "-c",
          "while read l; do echo $l; done < /proc/self/maps",
        ],
        { encoding: "utf8" },
      );
      assert.equal(ran.status, 0, ran.stderr);
      const mapped = [...ran.stdout.matchAll(/ (\/\S+\.so\S*)$/gm)].map(([, path = ""]) => path);
      assert.ok(mapped.length > 0);
      assert.deepEqual(
        mapped.filter((path) => !path.startsWith(root)),
        [],
      );
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  it("leave out what they are told to, and have one digest for one installation", () => {
    const files = [__dirname];
    const withTests = imageFromPrograms({ name: "sh", programs: ["/bin/sh"], files });
    const again = imageFromPrograms({ name: "sh", programs: ["/bin/sh"], files });
    const without = imageFromPrograms({ name: "sh", programs: ["/bin/sh"], files, except: [__filename] });
    assert.equal(again.digest, withTests.digest);
    assert.ok(withTests.size - without.size >= readFileSync(__filename).length);
  });

  it("are refused for a program that is not there", () => {
    assert.throws(() => imageFromPrograms({ name: "x", programs: ["/usr/bin/no-such-program"] }), {
      code: "MNO_IMAGE_INVALID",
      message: "/usr/bin/no-such-program is not on this machine",
    });
  });
});
