import type { Items } from "../api";
import type { SessionAnswer } from "../api-security";
import type { Ask } from "../ask";
import { relative } from "../format";
import { type Html } from "../html";
import { figure, note, type Panel, table } from "../panel";

const SESSIONS = "/zero-trust-gateway/v1/sessions?limit=50";

/** Who is logged in, how well proved, and from what. */
export const sessions: Panel = {
  id: "sessions",
  async load(ask: Ask, now: number): Promise<Html> {
    const answer = await ask<Items<SessionAnswer>>(SESSIONS);
    if (!answer.ok) return note(`No sessions are known: ${answer.why}.`);
    const { items } = answer.data;
    if (items.length === 0) return note("Nobody is logged in.");
    const rows = items.map(({ id, user, assurance, agent, establishedAt, seenAt, expiresAt }) => [
      figure(user, `/zero-trust-gateway/v1/sessions/${encodeURIComponent(id)}`),
      assurance,
      agent,
      relative(establishedAt, now),
      relative(seenAt, now),
      relative(expiresAt, now),
    ]);
    return table("Sessions", ["User", "Proved by", "Device", "Began", "Last seen", "Ends"], rows);
  },
};
