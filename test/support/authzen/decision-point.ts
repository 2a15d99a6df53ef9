import { join } from "node:path";
import pino from "pino";
import { createMetrics } from "../../../runtime/kernel/telemetry/metrics";
import {
  type DecisionListener,
  openDecisionListener,
} from "../../../runtime/security/zero-trust-gateway/authzen/listener";
import { DecisionPoint } from "../../../runtime/security/zero-trust-gateway/policy/decision-point";
import { readFolder } from "../../../runtime/security/zero-trust-gateway/policy/folder";
import { loadPolicies } from "../../../runtime/security/zero-trust-gateway/policy/load";
import { createWorld } from "../../../runtime/security/zero-trust-gateway/policy/world";

const DATA = join(__dirname, "../../data/authzen");

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are judged member by member
  readonly body: any;
}

/** A decision point with the policies of one folder of test/data/authzen, listening. */
export class ListeningPoint {
  private constructor(
    readonly point: DecisionPoint,
    private readonly listener: DecisionListener,
  ) {}

  static async open(folder: string, config: { MNO_ZTG_DECISION_TOKEN?: string } = {}): Promise<ListeningPoint> {
    const { bundle, entities } = await readFolder(join(DATA, folder));
    const point = new DecisionPoint();
    point.use(createWorld(loadPolicies(bundle), entities));
    const listener = await openDecisionListener({
      config: { MNO_ZTG_DECISION_LISTEN: "127.0.0.1:0", MNO_ZTG_DECISION_URL: "https://pdp.example.com", ...config },
      decisions: point,
      point,
      metrics: createMetrics(),
      log: pino({ enabled: false }),
    });
    return new ListeningPoint(point, listener!);
  }

  get address(): DecisionListener["address"] {
    return this.listener.address;
  }

  async send(method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<Answer> {
    const { host, port } = this.listener.address;
    const answer = await fetch(`http://${host}:${port}${path}`, {
      method,
      headers,
      ...(body !== undefined && { body }),
    });
    const text = await answer.text();
    const json = answer.headers.get("content-type") === "application/json";
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      body: json ? (JSON.parse(text) as unknown) : undefined,
    };
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send("POST", path, JSON.stringify(body), { "content-type": "application/json", ...headers });
  }

  close(): Promise<void> {
    return this.listener.close();
  }
}
