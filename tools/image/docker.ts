import { spawnSync } from "node:child_process";
import { MnoError } from "../../runtime/exports";
import { ROOT } from "../paths";
import type { ImageSpecification } from "./image";

/**
 * Builds the Dockerfile with the Docker engine of this machine, which keeps the image; with `output`, its archive is written too.
 * Errors: MNO_IMAGE_INVALID where docker is not there, does not answer or refuses.
 */
export function dockerBuild(specification: Pick<ImageSpecification, "reference" | "labels">, output?: string): void {
  const { reference, labels } = specification;
  const seconds = Date.parse(labels["org.opencontainers.image.created"] ?? "") / 1000;
  const values = {
    SOURCE_DATE_EPOCH: String(seconds),
    MNO_IMAGE_REVISION: labels["org.opencontainers.image.revision"],
  };
  const extra = Object.entries(labels).flatMap(([name, value]) => ["--label", `${name}=${value}`]);
  const set = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : ["--build-arg", `${name}=${value}`],
  );
  docker(["build", "--tag", reference, ...set, ...extra, ROOT], { DOCKER_BUILDKIT: "1" });
  if (output !== undefined) docker(["save", "--output", output, reference]);
}

function docker(args: string[], environment: Record<string, string> = {}): void {
  const { status, error } = spawnSync("docker", args, { stdio: "inherit", env: { ...process.env, ...environment } });
  if (status === 0) return;
  const why = error?.message ?? `it ended with ${String(status)}`;
  throw new MnoError(
    "MNO_IMAGE_INVALID",
    `docker ${args[0] ?? ""}: ${why}. Without --docker the same image is made with no engine`,
  );
}
