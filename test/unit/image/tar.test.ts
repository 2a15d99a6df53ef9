import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { lstatSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { bytes, hostFile, sha256 } from "../../../tools/image/content";
import { tarOf } from "../../../tools/image/tar";
import { FileTree } from "../../../tools/image/tree";
import { writeContent, writeTree } from "../../../tools/image/write";

const LONG = `/${"folder-with-a-long-name/".repeat(12)}file-öß.txt`;

function sample(): FileTree {
  const tree = new FileTree();
  tree.addFile("/usr/bin/program", bytes("#!/bin/sh\n"), true);
  tree.addFile("/etc/empty", bytes(""));
  tree.addFile(LONG, bytes("x".repeat(513)));
  tree.addSymlink("/bin", "usr/bin");
  tree.addSymlink("/link", LONG);
  tree.addDirectory("/home/nonroot", 0o700, { uid: 65532, gid: 65532 });
  tree.addDirectory("/tmp", 0o1777);
  return tree;
}

describe("layers of an image", () => {
  const folder = mkdtempSync(join(tmpdir(), "mno-tar-"));
  after(() => rmSync(folder, { recursive: true }));

  it("are archives that tar reads, with long paths, links, modes and owners", () => {
    const archive = join(folder, "layer.tar");
    writeContent(archive, tarOf(sample()));
    const listing = execFileSync("tar", ["--numeric-owner", "--utc", "-tvf", archive], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C.UTF-8" },
    });
    assert.match(listing, /^-rwxr-xr-x 0\/0 +10 1970-01-01 00:00 usr\/bin\/program$/m);
    assert.match(listing, /^drwx------ 65532\/65532 +0 1970-01-01 00:00 home\/nonroot\/$/m);
    assert.match(listing, /^drwxrwxrwt 0\/0 +0 1970-01-01 00:00 tmp\/$/m);
    assert.match(listing, /^lrwxrwxrwx 0\/0 +0 1970-01-01 00:00 bin -> usr\/bin$/m);

    const root = join(folder, "extracted");
    execFileSync("mkdir", [root]);
    execFileSync("tar", ["--no-same-owner", "-xf", archive, "-C", root]);
    assert.equal(readFileSync(join(root, LONG), "utf8"), "x".repeat(513));
    assert.equal(readFileSync(join(root, "etc/empty"), "utf8"), "");
    assert.equal(readlinkSync(join(root, "link")), LONG);
  });

  it("are as long as they say, in whole records", () => {
    const content = tarOf(sample());
    const written = [...content.chunks()].reduce((sum, chunk) => sum + chunk.length, 0);
    assert.equal(written, content.size);
    assert.equal(written % 512, 0);
  });

  it("do not depend on the order in which files came", () => {
    const files = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,3}(\/[a-z]{1,3}){0,3}$/), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(files, fc.context(), (names, context) => {
        const digestOf = (order: readonly string[]): string => {
          const tree = new FileTree();
          for (const name of order) tree.addDirectory(`/${name}`);
          for (const name of order) tree.addFile(`/${name}/-`, bytes(name));
          return sha256(tarOf(tree));
        };
        context.log(names.join(" "));
        assert.equal(digestOf(names), digestOf([...names].reverse()));
      }),
      { numRuns: 50 },
    );
  });

  it("can be laid out as files, over what is there", () => {
    const root = join(folder, "laid-out");
    writeTree(root, sample());
    writeTree(root, sample());
    assert.equal(readFileSync(join(root, "bin/program"), "utf8"), "#!/bin/sh\n");
    assert.equal(lstatSync(join(root, "usr/bin/program")).mode & 0o7777, 0o755);
    assert.equal(lstatSync(join(root, "tmp")).mode & 0o7777, 0o1777);
  });

  it("refuse a file that is two things at once, or changes while it is read", () => {
    const tree = sample();
    const refused = (work: () => void, message: RegExp): void =>
      assert.throws(work, { code: "MNO_IMAGE_INVALID", message });
    refused(() => tree.addFile("/bin/other", bytes("")), /\/bin\/other lies below \/bin, which is a symlink/);
    refused(() => tree.addFile("/tmp", bytes("")), /\/tmp would be a directory and a file/);
    refused(() => tree.addFile("/etc/../secret", bytes("")), /not a normal absolute path/);

    const growing = join(folder, "growing");
    writeFileSync(growing, "1");
    const content = hostFile(growing);
    writeFileSync(growing, "12");
    refused(() => sha256(content), /growing changed while/);
    writeFileSync(growing, "");
    refused(() => sha256(content), /growing changed while/);
  });
});
