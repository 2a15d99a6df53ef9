import type { Items, Job, Outlook } from "../api";
import type { Answer, Ask } from "../ask";
import { chart, timeScale } from "../chart";
import { clock, date, grams, number, percent, relative } from "../format";
import { type Html, html } from "../html";
import { badge, figure, list, note, type Panel, table } from "../panel";
import { isOver, jobPath, reasonOf, regionOf, rowsOf, startOf } from "./rows";

const JOBS = "/green-scheduler/v1/jobs?limit=200";
const OUTLOOK = "/green-scheduler/v1/outlook";
/** More charts than this nobody reads; the rest is named. */
const MOST_REGIONS = 6;
const MOST_ROWS = 16;
const MOST_LISTED = 50;

/** What a forecast is made by, in words. */
const BY: Readonly<Record<string, string>> = {
  feed: "of the source itself",
  persistence: "yesterday's hours again: the source has no better one",
  flat: "the last figure for ever: the source has no better one",
  profile: "the typical day of the month",
};

const outlookPath = (region: string): string => `${OUTLOOK}?region=${encodeURIComponent(region)}`;

/** The grid's intensity, and the plan that was made of it. */
export const grid: Panel = {
  id: "grid",
  async load(ask: Ask, now: number): Promise<Html> {
    const [jobs, home] = await Promise.all([ask<Items<Job>>(JOBS), ask<Outlook>(OUTLOOK)]);
    const all = jobs.ok ? jobs.data.items : [];
    const shown = all.filter((job) => !isOver(job) || now - Date.parse(job.finishedAt!) < 3_600_000);
    const others = [...new Set(shown.flatMap((job) => regionOf(job) ?? []))].filter(
      (one) => !home.ok || one !== home.data.region,
    );
    const asked = await Promise.all(others.slice(0, MOST_REGIONS).map((region) => ask<Outlook>(outlookPath(region))));
    return html`${[home, ...asked].map((outlook) => regionFigure(outlook, all, now))}
      ${others.length > MOST_REGIONS && note(`Not drawn: ${others.slice(MOST_REGIONS).join(", ")}.`)}
      <p class="detail" aria-live="polite">
        Point at a job, or move to it with the keyboard, to read why it runs when it does.
      </p>
      ${jobs.ok ? jobTable(all, now) : note(`The plan is not known: ${jobs.why}.`)}`;
  },
};

function regionFigure(answer: Answer<Outlook>, jobs: readonly Job[], now: number): Html {
  if (!answer.ok) return note(`The intensity is not known: ${answer.why}.`);
  const outlook = answer.data;
  const { region, demonstration, ahead, past } = outlook;
  const ends = [...past, ...ahead];
  const [from, to] = [Date.parse(ends[0]?.from ?? outlook.at), Date.parse(ends.at(-1)?.to ?? outlook.at)];
  const rows = rowsOf(jobs, outlook, { from, to }, now);
  return html`<figure>
    <figcaption>
      <h3>${region} ${demonstration && badge("demonstration: synthetic, no grid's intensity", "demo")}</h3>
      ${nowOf(outlook)}
    </figcaption>
    ${ends.length > 0 ? chart(outlook, rows.slice(0, MOST_ROWS), timeScale(from, to), now) : note("There are no figures to draw.")}
    ${rows.length > MOST_ROWS && html`<p class="note">${rows.length - MOST_ROWS} more jobs are in ${figure("the list", JOBS)}.</p>`}
    ${originOf(outlook, now)}
  </figure>`;
}

function nowOf({ now, region }: Outlook): Html {
  if (!now) return html`<p>Now: not known.</p>`;
  return html`<p class="big">
    ${figure(number(now.gramsPerKwh), outlookPath(region))} <span>gCO2e/kWh now${now.estimated && ", estimated"}</span>
  </p>`;
}

function originOf({ grounds, band, demonstration }: Outlook, now: number): Html {
  const { signal, source, asOf, method, stale, generatedAt, by, trusted, why } = grounds;
  // A table is not made anew: its date is that of its data.
  const made = generatedAt === null || generatedAt === asOf ? "" : `, made ${relative(generatedAt, now)}`;
  return html`${!trusted && html`<p>${badge("not trusted: not planned by", "warn")}</p>`}${list([
    ["Signal", signal ?? "not known"],
    ["Source", source ?? "none"],
    [
      "Data of",
      asOf === null
        ? "not known"
        : html`${date(asOf)} (${relative(asOf, now)})${stale && html` ${badge("stale", "warn")}`}`,
    ],
    ["Forecast", `${BY[by ?? ""] ?? "none"}${made}`],
    [
      "Band",
      band
        ? `90 % of what comes; standard error ${percent(band.errorShare)} of the mean, by ${band.basis}`
        : demonstration
          ? "none: it is made up, and comes as it says"
          : "none: nothing is known yet of how wrong this source is",
    ],
    ["Method", method ?? "not known"],
    ["Why this source", why === "" ? "the first that was asked" : why],
  ])}`;
}

function jobTable(jobs: readonly Job[], now: number): Html {
  if (jobs.length === 0)
    return note(
      "There are no jobs. One whose annotation machine-native-ops/admission says green-scheduler appears here.",
    );
  const sorted = jobs.toSorted((a, b) => Number(isOver(a)) - Number(isOver(b)));
  const rows = sorted.slice(0, MOST_LISTED).map((job) => {
    const { plan, account, schedule, deadline, decisionId } = job;
    const saved = account
      ? account.baselineGramsCo2e - account.gramsCo2e
      : plan && plan.slots.length > 0
        ? plan.baselineGrams - plan.expectedGrams
        : undefined;
    const recurs = schedule && ` (${schedule.cron} ${schedule.timeZone})`;
    return [
      html`<a href="${jobPath(job)}" data-key="t${job.id}">${job.name}</a>${recurs}`,
      startOf(job, now),
      deadline === null ? "none" : clock(deadline, now, 0),
      regionOf(job) ?? "",
      saved === undefined ? "" : figure(`${grams(saved)}${account ? "" : " expected"}`, jobPath(job)),
      decisionId === null
        ? reasonOf(job)
        : html`<a href="/green-scheduler/v1/decisions/${encodeURIComponent(decisionId)}">${reasonOf(job)}</a>`,
    ];
  });
  return table("Jobs, those under way first", ["Job", "State", "Deadline (UTC)", "Region", "Saved", "Why"], rows);
}
