import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "yaml";
import { type InspectableRequest } from "../../runtime/kernel/http-inspection/inspection";

/**
 * The regression requests of the OWASP Core Rule Set (`tests/regression/tests/<rule file>/<rule>.yaml`, the format of go-ftw),
 * with what CRS says of each.
 */
export interface LabelledRequest {
  /** `942100-1`, with the stage behind it where a test has several. */
  readonly id: string;
  /** Folder: `REQUEST-942-APPLICATION-ATTACK-SQLI`. */
  readonly group: string;
  /** CRS expects a rule of an attack family to fire (true), or says only that one stays quiet (false). */
  readonly attack: boolean;
  /** By the hash of the file's name: rules were written with one half in sight, figures are given of both. */
  readonly half: "seen" | "unseen";
  readonly request: InspectableRequest;
  readonly body?: Buffer;
  /** Ids that CRS expects. */
  readonly rules: readonly number[];
}

export interface Excluded {
  readonly reason: string;
  readonly count: number;
}

interface Stage {
  input?: {
    method?: string;
    uri?: string;
    version?: string;
    headers?: Record<string, unknown>;
    data?: string;
    encoded_request?: string;
    autocomplete_headers?: boolean;
  };
  output?: { log?: { expect_ids?: number[]; no_expect_ids?: number[]; match_regex?: string; no_match_regex?: string } };
}

/** Attack families are REQUEST-913 to REQUEST-944, less 920: the enforcement of the protocol by a server. */
export function isAttackGroup(group: string): boolean {
  const number = Number(/^REQUEST-(\d{3})/.exec(group)?.[1] ?? 0);
  return number >= 911 && number <= 944 && number !== 920;
}

export function readCrs(folder: string): { requests: LabelledRequest[]; excluded: Excluded[] } {
  const root = join(folder, "tests", "regression", "tests");
  const requests: LabelledRequest[] = [];
  const excluded = new Map<string, number>();
  const leaveOut = (reason: string): void => void excluded.set(reason, (excluded.get(reason) ?? 0) + 1);
  for (const group of readdirSync(root).sort()) {
    for (const file of readdirSync(join(root, group)).sort()) {
      if (!file.endsWith(".yaml")) continue;
      const half = createHash("sha256").update(file).digest()[0]! % 2 === 0 ? "seen" : "unseen";
      const document = parse(readFileSync(join(root, group, file), "utf8")) as {
        tests?: { test_id: number; stages: Stage[] }[];
      } | null;
      for (const test of document?.tests ?? []) {
        test.stages.forEach((stage, index) => {
          const log = stage.output?.log ?? {};
          const expected = log.expect_ids ?? [];
          if (group.startsWith("RESPONSE-")) return leaveOut("about the bodies of responses or the log");
          if (/^REQUEST-(?:949|999|905|901)/.test(group)) return leaveOut("about CRS's own scoring");
          if (expected.length === 0 && log.no_expect_ids === undefined)
            return leaveOut("no rule is expected or excluded (status or log text only)");
          const read = requestOf(stage);
          if (typeof read === "string") return leaveOut(read);
          const id = `${basename(file, ".yaml")}-${test.test_id}${test.stages.length > 1 ? `.${index + 1}` : ""}`;
          requests.push({ id, group, attack: expected.length > 0, half, rules: expected, ...read });
        });
      }
    }
  }
  return { requests, excluded: [...excluded].map(([reason, count]) => ({ reason, count })) };
}

function requestOf(stage: Stage): { request: InspectableRequest; body?: Buffer } | string {
  const input = stage.input ?? {};
  if (input.encoded_request !== undefined) return rawRequest(Buffer.from(input.encoded_request, "base64"));
  const headers: Record<string, string[]> = {};
  for (const [name, value] of Object.entries(input.headers ?? {}))
    (headers[name.toLowerCase()] ??= []).push(String(value));
  const body = input.data === undefined ? undefined : Buffer.from(expanded(input.data), "utf8");
  // As go-ftw completes a request.
  if (input.autocomplete_headers !== false && body !== undefined && body.length > 0) {
    headers["content-type"] ??= ["application/x-www-form-urlencoded"];
    headers["content-length"] ??= [String(body.length)];
  }
  return {
    request: { method: input.method ?? "GET", target: expanded(input.uri ?? "/"), headers },
    ...(body && { body }),
  };
}

/** The one template that the requests use: `{{ "1" | repeat 64200 }}`. */
function expanded(text: string): string {
  return text.replace(/\{\{\s*"([^"]*)"\s*\|\s*repeat\s+(\d+)\s*\}\}/g, (_all, what: string, times: string) =>
    what.repeat(Number(times)),
  );
}

function rawRequest(raw: Buffer): { request: InspectableRequest; body?: Buffer } | string {
  const text = raw.toString("latin1");
  const end = /\r?\n\r?\n/.exec(text);
  const [line, ...lines] = text.slice(0, end?.index).split(/\r?\n/);
  const [method, target] = line!.split(" ");
  if (method === undefined || target === undefined) return "not one request in HTTP";
  const headers: Record<string, string[]> = {};
  for (const header of lines) {
    const colon = header.indexOf(":");
    if (colon > 0) (headers[header.slice(0, colon).toLowerCase()] ??= []).push(header.slice(colon + 1).trim());
  }
  const body = end === null ? undefined : raw.subarray(end.index + end[0].length);
  return { request: { method, target, headers }, ...(body !== undefined && body.length > 0 && { body }) };
}
