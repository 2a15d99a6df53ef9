import { randomBytes } from "node:crypto";
import { seeded } from "../../runtime/kernel/random";
import { type BenchRow, median, spread } from "../contract";
import { Child } from "./children";
import type { Floor } from "./doors/floor";
import type { LoadOptions, LoadResult } from "./doors/load";
import { checks, decisionQuestions, type Questions, requests } from "./doors/questions";
import { processorTime, Servers } from "./doors/servers";
import { github } from "./policy/github";

const PER_SECOND = 1000;
const REPETITIONS = 3;
const MILLISECONDS = 4000;
/** Before the first repetition, in which code is compiled, and before the others. */
const WARM_UP_MILLISECONDS = [4000, 1000, 1000];
/** Of the github app's store: 11 n entities. */
const N = 50;

interface Lane extends Questions {
  readonly port: number;
  readonly pid: number;
}

interface Figures {
  readonly p50: number;
  readonly p99: number;
  /** Microseconds of processor that a request took of the server, whose own threads count as well. */
  readonly processor: number | undefined;
}

/**
 * The gateway's doors at one constant rate, whole and in a process of its own (identity, limits, rules, policies, signed assertion, events):
 * AuthZEN, Envoy's ext_authz over HTTP and gRPC, and the proxy. Beside them, in turn: OPA's own server with the same app, servers that
 * answer without deciding, and the call without the proxy. The generator is a third process, and shares the machine.
 */
export async function doorRows(print: (text: string) => void): Promise<BenchRow[]> {
  const servers = await Servers.open();
  const [load, floor] = [new Child("load"), new Child("floor")];
  try {
    const lanes = await open(servers, floor, print);
    const found = new Map<string, Figures[]>([...lanes.keys()].map((name) => [name, []]));
    for (let repetition = 0; repetition < REPETITIONS; repetition += 1) {
      for (const [name, { pid, ...lane }] of lanes) {
        const before = processorTime(pid);
        const result = await load.ask<LoadResult>({
          ...lane,
          perSecond: PER_SECOND,
          warmUp: WARM_UP_MILLISECONDS[repetition]!,
          milliseconds: MILLISECONDS,
        } satisfies LoadOptions);
        const { p50, p99, requests: asked, faults, fault } = result;
        if (faults > 0) throw new Error(`${name}: ${faults} of ${asked} answers were not right: ${fault}`);
        const processor = before === undefined ? undefined : ((processorTime(pid)! - before) * 1000) / asked;
        print(
          `${name}: p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, longest ${result.max.toFixed(1)} ms` +
            (processor === undefined ? "" : `, ${processor.toFixed(0)} us of processor a request`),
        );
        found.get(name)!.push({ p50, p99, processor });
      }
    }
    const rate = `${PER_SECOND} a second`;
    return [
      ...rows(found, "authzen_http", `POST /access/v1/evaluation, ${rate}, github, ${11 * N} entities`, [OPA, HTTP]),
      ...rows(found, "ext_authz_http", `Envoy ext_authz over HTTP, ${rate}`, [HTTP]),
      ...rows(found, "ext_authz_grpc", `Envoy ext_authz over gRPC, ${rate}`, [GRPC]),
      ...rows(found, "proxy_http", `GET through the proxy, ${rate}`, [DIRECT]),
    ];
  } finally {
    load.stop();
    floor.stop();
    await servers.close();
  }
}

const OPA = "OPA (server)";
const HTTP = "node:http, no decision";
const GRPC = "grpc-js, no decision";
const DIRECT = "without the proxy";

async function open(servers: Servers, floor: Child, print: (text: string) => void): Promise<Map<string, Lane>> {
  const store = github.store(N, seeded(N));
  const token = randomBytes(16).toString("hex");
  const { authzen, opa } = decisionQuestions(store, 1, token);
  const [upstream, upstreamPid] = await servers.upstream();
  const [doors, pid] = await servers.gateway(upstream, store.entities, token);
  const ports = await floor.ask<Floor>({});
  const other = await servers.opa(store.entities);
  if (!other) print("there is no program opa (on the PATH, or named by OPA): OPA's server is left out");
  return new Map<string, Lane>([
    ["authzen_http", { ...authzen, port: doors.authzen, pid }],
    ...(other ? [[OPA, { ...opa, port: other[0], pid: other[1] }] as const] : []),
    [HTTP, { ...anything(authzen), port: ports.http, pid: floor.pid }],
    ["ext_authz_http", { ...requests(), port: doors.extAuthz, pid }],
    ["ext_authz_grpc", { ...checks(), port: doors.extAuthzGrpc, pid }],
    [GRPC, { ...anything(checks()), port: ports.grpc, pid: floor.pid }],
    ["proxy_http", { ...requests(), port: doors.proxy, pid }],
    [DIRECT, { ...requests(), port: upstream, pid: upstreamPid }],
  ]);
}

/** The same questions of a server that knows no answers. */
function anything(questions: Questions): Questions {
  return { ...questions, expected: questions.expected.map(() => "") };
}

function rows(
  found: ReadonlyMap<string, readonly Figures[]>,
  door: string,
  work: string,
  peers: readonly string[],
): BenchRow[] {
  const figures = [
    ["p50", `${door}_p50_ms`, "ms"],
    ["p99", `${door}_p99_ms`, "ms"],
    ["processor", `${door}_cpu_us`, "us"],
  ] as const;
  return figures.flatMap(([figure, metric, unit]): BenchRow[] => {
    const of = (name: string): number[] =>
      (found.get(name) ?? []).flatMap((each) => (each[figure] === undefined ? [] : [each[figure]]));
    const ours = of(door);
    if (ours.length === 0) return [];
    const others = peers.filter((name) => of(name).length > 0).map((name) => [name, median(of(name))]);
    return [
      {
        work,
        metric,
        unit,
        better: "lower",
        ours: median(ours),
        spread: spread(ours),
        peers: Object.fromEntries(others) as Record<string, number>,
      },
    ];
  });
}
