import { createSocket } from "node:dgram";
import { connect as connectTcp, isIPv6, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { MnoError } from "../../../exports";
import type { Channel, Message } from "./channel";

type Syslog = Extract<Channel, { kind: "syslog" }>;

/** RFC 5424: facility 13, log audit; severities by incident severity, informational to critical. */
const FACILITY = 13;
const SEVERITIES = [6, 6, 5, 4, 3, 2] as const;
const ANSWER_MILLISECONDS = 10_000;
/** IANA's number for examples (RFC 5612): the structured data's names are of nobody else. */
const SD_ID = "incident@32473";

/** One message as RFC 5424 has it, with the incident in structured data. */
export function syslogText(message: Message, host: string): string {
  const priority = FACILITY * 8 + (SEVERITIES[message.severity] ?? 6);
  const data = Object.entries({
    id: message.incident,
    status: message.status,
    severity: String(message.severity),
    confidence: message.confidence.toFixed(2),
    techniques: message.techniques.join(" "),
    entities: message.entities.slice(0, 16).join(" "),
  })
    .map(([name, value]) => `${name}="${value.replace(/[\\"\]]/g, "\\$&").replace(/[\r\n]/g, " ")}"`)
    .join(" ");
  const text = message.title.replace(/[\r\n\0]/g, " ");
  return `<${priority}>1 ${message.time} ${host.replace(/[^\x21-\x7e]/g, "").slice(0, 255) || "-"} mno - ${message.id.slice(0, 32)} [${SD_ID} ${data}] \ufeff${text}`;
}

/** Sends it by UDP (RFC 5426), or by TCP or TLS with its length before it (RFC 6587, RFC 5425). */
export async function sendSyslog(channel: Syslog, text: string): Promise<void> {
  const { host, port, transport, ca } = channel;
  if (transport === "udp") return sendDatagram(host, port, text);
  const bytes = Buffer.from(text, "utf8");
  const framed = Buffer.concat([Buffer.from(`${bytes.length} `), bytes]);
  await new Promise<void>((resolve, reject) => {
    const socket: Socket =
      transport === "tls"
        ? connectTls({
            host,
            port,
            servername: /^[\d.:]+$/.test(host) ? "" : host,
            ...(ca === undefined ? {} : { ca }),
          })
        : connectTcp({ host, port });
    const fail = (why: string): void => {
      socket.destroy();
      reject(new MnoError("MNO_TARGET_UNREACHABLE", `syslog ${host}:${port}: ${why}`));
    };
    socket.setTimeout(ANSWER_MILLISECONDS, () => fail("no answer"));
    socket.once("error", (error) => fail(error.message));
    socket.once("close", () => resolve());
    socket.once(transport === "tls" ? "secureConnect" : "connect", () => socket.end(framed));
    socket.resume();
  });
}

async function sendDatagram(host: string, port: number, text: string): Promise<void> {
  const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.send(Buffer.from(text, "utf8"), port, host, (error) => (error ? reject(error) : resolve()));
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new MnoError("MNO_TARGET_UNREACHABLE", `syslog ${host}:${port}: ${why}`, { cause: error });
  } finally {
    socket.close();
  }
}
