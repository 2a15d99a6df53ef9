import type { EnergyPlan, Items, Saved, Savings } from "../api";
import type { Answer, Ask } from "../ask";
import { date, energy, grams, percent } from "../format";
import { type Html, html } from "../html";
import { badge, figure, note, type Panel, table } from "../panel";

const SAVINGS = "/green-scheduler/v1/savings";
const PLANS = "/energy-optimizer/v1/plans?limit=100";

/** What shifting and saving brought, and what they did not. */
export const saved: Panel = {
  id: "saved",
  async load(ask: Ask): Promise<Html> {
    const [savings, plans] = await Promise.all([ask<Savings>(SAVINGS), ask<Items<EnergyPlan>>(PLANS)]);
    return html`<h3>By shifting jobs</h3>
      ${savings.ok ? shifted(savings.data) : note(`Not known: ${savings.why}.`)}
      <h3>By using less energy</h3>
      ${reduced(plans)}`;
  },
};

function shifted({ from, to, bySignal, items, demonstrations }: Savings): Html {
  const path = `${SAVINGS}?from=${encodeURIComponent(from)}&to=${encodeURIComponent(to)}`;
  const real =
    bySignal.length === 0
      ? note("No job has ended yet whose intensity is known: nothing was saved so far, and nothing missed.")
      : html`${bySignal.map((row) => headline(row, path))}${sums("Jobs that ended, by region and source", items, path)}`;
  return html`<p class="note">
      Jobs that ended from ${date(from)} on, each against the same energy from the soonest start it might have had.
      Shifting saves carbon and no energy. Signals are never added up.
    </p>
    ${real}${
      demonstrations.length > 0 &&
      html`<h4>${badge("demonstration: synthetic, counted nowhere", "demo")}</h4>
        ${sums("Demonstration jobs that ended", demonstrations, path)}`
    }`;
}

function headline({ signal, savedGramsCo2e, baselineGramsCo2e, jobs, energyKwh }: Saved, path: string): Html {
  const share = baselineGramsCo2e > 0 ? ` (${percent(savedGramsCo2e / baselineGramsCo2e)})` : "";
  return html`<p class="big">
    ${figure(grams(savedGramsCo2e), path)}
    <span>saved${share} by ${jobs} jobs of ${energy(energyKwh)}, ${signal} signal</span>
  </p>`;
}

function sums(caption: string, rows: Savings["items"], path: string): Html {
  const head = [
    "Region",
    "Jobs",
    "Energy",
    "Emitted",
    "Soonest start",
    "Saved",
    "Lost",
    "Promised, not kept",
    "Deadlines missed",
    "Unplanned",
  ];
  return html`${table(
      caption,
      head,
      rows.map((row) => [
        html`${row.region} <span class="note">${row.signal}, ${row.source}</span>`,
        ...[
          String(row.jobs),
          energy(row.energyKwh),
          grams(row.gramsCo2e),
          grams(row.baselineGramsCo2e),
          grams(row.savedGramsCo2e),
          grams(row.lostGramsCo2e),
          grams(row.unkeptGramsCo2e),
          String(row.missedDeadlines),
          String(row.unplanned),
        ].map((text) => figure(text, path)),
      ]),
    )}
    <p class="note">
      Saved is what is left after what was lost. Lost: of jobs that emitted more than from the soonest start. Promised,
      not kept: what plans expected beyond what came of them.
    </p>`;
}

function reduced(plans: Answer<Items<EnergyPlan>>): Html {
  if (!plans.ok) return note(`Not known: ${plans.why}.`);
  const { items } = plans.data;
  const measured = items.filter((plan) => plan.measured !== null);
  const proposed = items.filter(({ state }) => state === "proposed");
  const sum = (of: (plan: EnergyPlan) => number, over: readonly EnergyPlan[]): number =>
    over.reduce((total, plan) => total + of(plan), 0);
  const kept = sum(({ measured: one }) => one!.savedKwh, measured);
  const promised = sum(({ measured: one }) => one!.expectedKwh, measured);
  const done =
    measured.length === 0
      ? note("No plan to save energy was carried out and measured yet.")
      : html`<p class="big">
          ${figure(energy(kept), PLANS)}
          <span>measured as saved by ${measured.length} plans, which had promised ${energy(promised)}</span>
        </p>`;
  const open = html`<p>
    ${figure(String(proposed.length), `${PLANS}&state=proposed`)} plans are proposed and not carried out:
    ${figure(energy(sum(({ expected }) => expected.kwh.value, proposed)), `${PLANS}&state=proposed`)} and
    ${figure(grams(sum(({ expected }) => expected.gramsCo2e.value, proposed)), `${PLANS}&state=proposed`)} in 30 days
    are missed so far.
  </p>`;
  return html`${done}${proposed.length > 0 && open}`;
}
