import type { Items } from "../api";
import type { AccessRecord } from "../api-security";
import type { Ask } from "../ask";
import { clock, percent } from "../format";
import { type Html, html } from "../html";
import { badge, figure, note, type Panel, table } from "../panel";

const MOST = 30;
const DECISIONS = `/zero-trust-gateway/v1/decisions?limit=${String(MOST)}`;

/** Who asked for what, what came of it, and why. */
export const access: Panel = {
  id: "access",
  async load(ask: Ask, now: number): Promise<Html> {
    const answer = await ask<Items<AccessRecord>>(DECISIONS);
    if (!answer.ok) return note(`No decisions are known: ${answer.why}.`);
    const { items } = answer.data;
    if (items.length === 0) return note("Nobody has asked for anything yet.");
    const refused = items.filter(({ outcome }) => outcome !== "allowed").length;
    const rows = items.map((record) => [
      figure(clock(record.time, now), `/zero-trust-gateway/v1/decisions/${encodeURIComponent(record.id)}`),
      whoOf(record),
      `${record.request.method} ${record.request.authority}${record.request.path}`,
      record.outcome === "allowed" ? "allowed" : badge(record.outcome, "warn"),
      whyOf(record),
    ]);
    return html`<p>
        Of the last ${figure(String(items.length), DECISIONS)} requests ${figure(String(refused), DECISIONS)} were
        refused.
      </p>
      ${table("Decisions, the latest first", ["Time", "Who", "What", "Outcome", "Why"], rows)}`;
  },
};

const whoOf = ({ principal, request }: AccessRecord): string =>
  principal === null || principal.type === "Anonymous"
    ? `nobody known, from ${request.address}`
    : `${principal.id} (${principal.method}), from ${request.address}`;

/** Pure: the reason in a sentence: what refused it, or what permitted it at which risk. */
export function whyOf({ outcome, code, reason, stage, policies, risk, findings }: AccessRecord): string {
  const thought = risk === null ? [] : [`risk ${risk.level}, ${percent(risk.probability)}`, ...risk.reasons];
  const found = findings.map(({ rule, where, what }) => `${rule} at ${where}: ${what}`);
  const by = policies.length > 0 ? [`by ${policies.join(", ")}`] : [];
  if (outcome === "allowed") return [...by, ...thought, ...found].join("; ");
  return [`${stage}: ${reason ?? code ?? "no reason was given"}`, ...by, ...thought, ...found].join("; ");
}
