import { createHmac } from "node:crypto";
import { request } from "undici";
import { MnoError } from "../../../exports";
import type { Channel, Message } from "./channel";
import { sendSyslog, syslogText } from "./syslog";

const ANSWER_MILLISECONDS = 10_000;

/** Tells one channel; resolves when it took the message. Throws MNO_TARGET_UNREACHABLE, with no secret in it. */
export async function send(channel: Channel, message: Message, now: number, host: string): Promise<void> {
  switch (channel.kind) {
    case "webhook": {
      const body = JSON.stringify(message);
      return post(channel.name, channel.url, body, signature(body, now, channel.secret));
    }
    case "slack":
      return post(channel.name, channel.url, JSON.stringify(slackBody(message)), {});
    case "syslog":
      return sendSyslog(channel, syslogText(message, host));
  }
}

/**
 * HMAC-SHA256 over time and body: a receiver that checks both refuses what was changed, and what was recorded and sent again.
 */
export function signature(body: string, now: number, secret: string | undefined): Record<string, string> {
  if (secret === undefined) return {};
  const time = String(Math.floor(now / 1000));
  const digest = createHmac("sha256", secret).update(`${time}.${body}`).digest("hex");
  return { "x-mno-timestamp": time, "x-mno-signature": `v1=${digest}` };
}

const COLOURS = ["#888888", "#888888", "#3b82f6", "#eab308", "#f97316", "#dc2626"] as const;

/** What Slack's incoming webhooks take, and Mattermost's and Discord's (below /slack) after them. */
function slackBody({ title, incident, status, severity, confidence, entities, techniques }: Message): unknown {
  const text = `Incident ${incident} (${status}): ${escaped(title)}`;
  const field = (name: string, value: string) => ({ title: name, value: escaped(value), short: true });
  return {
    text,
    attachments: [
      {
        color: COLOURS[severity] ?? COLOURS[0],
        fallback: text,
        fields: [
          field("Severity", `${severity} of 5`),
          field("Confidence", `${Math.round(confidence * 100)} %`),
          field("Concerns", entities.slice(0, 10).join(", ")),
          field("ATT&CK", techniques.join(", ")),
        ],
      },
    ],
  };
}

/** Slack's three control characters: without it a user's name could mention everybody. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** The URL of a webhook is a secret itself: errors name the channel. */
async function post(name: string, url: string, body: string, headers: Record<string, string>): Promise<void> {
  const refuse = (why: string): never => {
    throw new MnoError("MNO_TARGET_UNREACHABLE", `Channel "${name}": ${why}`);
  };
  const answer = await request(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
    signal: AbortSignal.timeout(ANSWER_MILLISECONDS),
  }).catch((error: unknown) => refuse((error as NodeJS.ErrnoException).code ?? "no answer"));
  await answer.body.dump();
  if (answer.statusCode >= 300) refuse(`answered ${answer.statusCode}`);
}
