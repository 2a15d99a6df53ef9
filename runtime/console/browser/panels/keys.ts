import type { Items } from "../api";
import type { KeyAnswer } from "../api-security";
import type { Ask } from "../ask";
import { relative } from "../format";
import { type Html } from "../html";
import { badge, figure, note, type Panel, table } from "../panel";

const KEYS = "/quantum-cryptography/v1/keys";

/** The keys that the key service has, and what they are of. */
export const keys: Panel = {
  id: "keys",
  async load(ask: Ask, now: number): Promise<Html> {
    const answer = await ask<Items<KeyAnswer>>(KEYS);
    if (!answer.ok) return note(`No keys are known: ${answer.why}.`);
    const { items } = answer.data;
    if (items.length === 0) return note("There is no key yet.");
    const rows = items.map(({ id, alias, purpose, suite, state, currentVersion, rotatedAt }) => [
      figure(alias ?? id, `${KEYS}/${encodeURIComponent(id)}`),
      purpose,
      suite,
      state === "enabled" ? state : badge(state, "warn"),
      String(currentVersion),
      relative(rotatedAt, now),
    ]);
    return table("Keys", ["Key", "Purpose", "Suite", "State", "Version", "Since"], rows);
  },
};
