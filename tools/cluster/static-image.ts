import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { arch, tmpdir } from "node:os";
import { join } from "node:path";

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64" };

/** Writes a docker-archive of an image that holds one static program and nothing else. */
export function writeStaticImage(name: string, program: string, archive: string): void {
  const folder = mkdtempSync(join(tmpdir(), "mno-image-"));
  try {
    const root = join(folder, "root");
    mkdirSync(root);
    copyFileSync(program, join(root, "program"));
    tar(join(folder, "layer.tar"), root, ["program"]);
    const digest = createHash("sha256")
      .update(readFileSync(join(folder, "layer.tar")))
      .digest("hex");
    const config = {
      architecture: ARCHITECTURES[arch()] ?? arch(),
      os: "linux",
      config: { Entrypoint: ["/program"], User: "65532:65532", WorkingDir: "/" },
      rootfs: { type: "layers", diff_ids: [`sha256:${digest}`] },
    };
    writeFileSync(join(folder, "config.json"), JSON.stringify(config));
    const manifest = [{ Config: "config.json", RepoTags: [name], Layers: ["layer.tar"] }];
    writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
    tar(archive, folder, ["manifest.json", "config.json", "layer.tar"]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function tar(archive: string, folder: string, files: readonly string[]): void {
  execFileSync("tar", ["--create", "--file", archive, "--directory", folder, "--owner=0", "--group=0", ...files]);
}
