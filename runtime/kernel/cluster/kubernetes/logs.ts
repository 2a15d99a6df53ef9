import { secretMask } from "../secret-mask";
import { isHttpStatus } from "./api-error";
import type { Connection } from "./connection";
import { pathOf, type Pod, type PodSpec, type Secret } from "./objects";
import { mainContainer } from "./workload-spec";

/** The last lines of the main container of every pod, in the order of their times; secrets of the pods are masked. */
export async function readLogs(
  connection: Connection,
  namespace: string,
  workload: string,
  pods: readonly Pod[],
  lines: number,
): Promise<string[]> {
  const masks = await Promise.all(
    [...new Set(pods.flatMap(({ spec }) => secretsOf(spec)))].map(async (name) => {
      const secret = await connection.find<Secret>(pathOf("Secret", namespace, name));
      const decoded = Object.entries(secret?.data ?? {}).map(
        ([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")] as const,
      );
      return secretMask(Object.fromEntries(decoded));
    }),
  );
  const logs = await Promise.all(pods.map((pod) => readLog(connection, namespace, workload, pod, lines)));
  return logs
    .flat()
    .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
    .slice(-lines)
    .map(({ text }) => masks.reduce((masked, mask) => mask(masked), text));
}

async function readLog(
  connection: Connection,
  namespace: string,
  workload: string,
  { metadata, spec }: Pod,
  lines: number,
): Promise<{ time: string; text: string }[]> {
  const query = { container: mainContainer(spec, workload)?.name, tailLines: String(lines), timestamps: "true" };
  try {
    const log = await connection.text("GET", pathOf("Pod", namespace, metadata?.name, "log"), { query });
    return log
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => {
        const space = line.indexOf(" ");
        return { time: line.slice(0, space), text: line.slice(space + 1) };
      });
  } catch (error) {
    // Its container has not started yet, or the pod has gone since it was listed.
    if (isHttpStatus(error, 400) || isHttpStatus(error, 404)) return [];
    throw error;
  }
}

/** Names of the Secrets whose values the pod's processes find in their environment. */
function secretsOf(spec: PodSpec | undefined): string[] {
  return (spec?.containers ?? []).flatMap(({ env = [], envFrom = [] }) => [
    ...env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef?.name ?? []),
    ...envFrom.flatMap(({ secretRef }) => secretRef?.name ?? []),
  ]);
}
