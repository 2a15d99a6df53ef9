import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OwnCluster } from "../../../tools/cluster/own-cluster";
import { imageFromPrograms, TEST_SERVERS } from "../../../tools/image/debian";
import { type Image, makeImage } from "../../../tools/image/image";
import { runtimeImage } from "../../../tools/image/runtime-image";
import { writeContent } from "../../../tools/image/write";

/** References by digest, as the policies want them. */
export interface TestImages {
  runtime: string;
  nats: string;
  valkey: string;
  postgres: string;
}

/** Our runtime, and the servers that are installed on this machine, as images in the cluster's node. */
export async function importImages(cluster: OwnCluster): Promise<TestImages> {
  return {
    runtime: await importImage(cluster, makeImage(runtimeImage().specification)),
    nats: await importImage(cluster, imageFromPrograms(TEST_SERVERS.nats)),
    valkey: await importImage(cluster, imageFromPrograms(TEST_SERVERS.redis)),
    postgres: await importImage(cluster, imageFromPrograms(TEST_SERVERS.postgres)),
  };
}

async function importImage(cluster: OwnCluster, image: Image): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "mno-image-"));
  try {
    const tar = join(folder, "image.tar");
    writeContent(tar, image.archive);
    const [imported] = await cluster.importImage(tar);
    if (!imported) throw new Error(`${image.reference} was not imported`);
    return `${imported.name.replace(/:[^/:]*$/, "")}@${imported.digest}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
