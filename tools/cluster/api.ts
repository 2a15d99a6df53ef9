import { readFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import type { Credentials } from "./configuration";

const TIMEOUT_MILLISECONDS = 5_000;

export interface Answer {
  status: number;
  body: string;
}

export function credentials(pki: string, name: string, authority = "ca"): Credentials {
  const read = (file: string): string => readFileSync(join(pki, file), "utf8");
  return { authority: read(`${authority}.crt`), certificate: read(`${name}.crt`), key: read(`${name}.key`) };
}

/** The few questions that bringing a cluster up asks its API server, with the administrator's certificate. */
export class ApiServer {
  constructor(
    readonly url: string,
    private readonly who: Credentials,
  ) {}

  get(path: string): Promise<Answer> {
    return this.ask("GET", path);
  }

  /** Makes an object what it is here, whether it exists or not. Errors: the server's own message. */
  async apply(path: string, object: object): Promise<void> {
    const answer = await this.ask("PATCH", `${path}?fieldManager=machine-native-ops-cluster&force=true`, object);
    if (answer.status >= 300) throw new Error(`${path} was refused (${String(answer.status)}): ${answer.body}`);
  }

  private ask(method: string, path: string, body?: object): Promise<Answer> {
    const { authority: ca, certificate: cert, key } = this.who;
    const headers = body && { "content-type": "application/apply-patch+yaml" };
    return new Promise((resolve, reject) => {
      const options = { method, ca, cert, key, headers, agent: false, timeout: TIMEOUT_MILLISECONDS };
      const asked = request(new URL(path, this.url), options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", reject);
        response.once("end", () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
        );
      });
      asked.once("timeout", () =>
        asked.destroy(new Error(`no answer within ${String(TIMEOUT_MILLISECONDS / 1000)} s`)),
      );
      asked.once("error", reject);
      asked.end(body && JSON.stringify(body));
    });
  }
}
