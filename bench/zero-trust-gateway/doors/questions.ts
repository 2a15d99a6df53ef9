import { seeded } from "../../../runtime/kernel/random";
import type { AccessQuestion } from "../../../runtime/security/zero-trust-gateway/contracts";
import { DecisionPoint } from "../../../runtime/security/zero-trust-gateway/policy/decision-point";
import { loadPolicies } from "../../../runtime/security/zero-trust-gateway/policy/load";
import { createWorld } from "../../../runtime/security/zero-trust-gateway/policy/world";
import type { Store } from "../policy/app";
import { github } from "../policy/github";
import { keyOf } from "../policy/opa";
import { checkRequest } from "./check-request";
import type { LoadOptions } from "./load";

export type Questions = Pick<LoadOptions, "protocol" | "questions" | "expected">;

const QUESTIONS = 1000;
const HEADERS: Readonly<Record<string, string>> = {
  host: "bench.example",
  accept: "application/json",
  "accept-language": "en-GB,en;q=0.9",
  "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
};

/** The github app's questions as AuthZEN's and as OPA's, with the decisions that the engine makes in process. */
export function decisionQuestions(store: Store, seed: number, token: string): { authzen: Questions; opa: Questions } {
  const random = seeded(seed);
  const point = new DecisionPoint();
  point.use(createWorld(loadPolicies({ sets: { github: { text: github.policies } } }), store.entities));
  const asked = Array.from({ length: QUESTIONS }, () => store.question(random));
  const decisions = asked.map((question) => point.decide(question).allowed);
  const authzen = ({ principal, action, resource }: AccessQuestion): object => ({
    subject: principal,
    action: { name: action.id },
    resource,
    context: {},
  });
  const opa = ({ principal, action, resource }: AccessQuestion): object => ({
    input: { principal: keyOf(principal), action: action.id, resource: keyOf(resource) },
  });
  return {
    authzen: {
      protocol: "http",
      questions: asked.map((question) =>
        post("/access/v1/evaluation", authzen(question), { authorization: `Bearer ${token}` }),
      ),
      expected: decisions.map((allowed) => `"decision":${String(allowed)}`),
    },
    opa: {
      protocol: "http",
      questions: asked.map((question) => post("/v1/data/app/allow", opa(question), {})),
      expected: decisions.map((allowed) => `"result":${String(allowed)}`),
    },
  };
}

/** One browser's GETs of several items: what a proxy asks about over HTTP, and what it sends on. */
export function requests(): Questions {
  const paths = Array.from({ length: QUESTIONS }, (_, index) => `/shop/items/${String(index)}?page=1`);
  return {
    protocol: "http",
    questions: paths.map((path) => `GET ${path} HTTP/1.1\r\n${lines(HEADERS)}\r\n`),
    expected: paths.map(() => ""),
  };
}

/** The same as Envoy asks about them over gRPC. */
export function checks(): Questions {
  const paths = Array.from({ length: QUESTIONS }, (_, index) => `/shop/items/${String(index)}?page=1`);
  return {
    protocol: "grpc",
    questions: paths.map((path) => checkRequest(path, HEADERS).toString("base64")),
    expected: paths.map(() => "x-mno-assertion"),
  };
}

function post(path: string, body: object, headers: Readonly<Record<string, string>>): string {
  const text = JSON.stringify(body);
  const all = { host: "127.0.0.1", "content-type": "application/json", ...headers };
  return `POST ${path} HTTP/1.1\r\n${lines(all)}content-length: ${String(Buffer.byteLength(text))}\r\n\r\n${text}`;
}

function lines(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");
}
