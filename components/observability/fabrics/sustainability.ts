import { chosen, quantileOf, rateOf } from "../promql";
import { type FabricDescription, PanelKind, type Section, Unit } from "./description";
import { SUSTAINABILITY_ALERTS } from "./sustainability-alerts";
import { reporting, saving, shifting } from "./sustainability-sections";

const WINDOW = "$__rate_interval";
/** W of a rate in kWh per second. */
const watts = (rate: string): string => `3.6e6 * ${rate}`;
const perHour = (rate: string): string => `3600 * ${rate}`;

const power: Section = {
  title: "Energy and emissions",
  panels: [
    {
      title: "Power by node",
      description: "Mean power at the meter in the last record, data centre's overhead included.",
      unit: Unit.Watts,
      queries: [{ expression: `max by (node) (${chosen("mno_carbon_node_power_watts")})`, legend: "{{node}}" }],
    },
    {
      title: "Power by workload",
      description: "The ten that use most, their share of idle power included; system and idle are no workload's.",
      unit: Unit.Watts,
      queries: [
        {
          expression: `topk(10, ${watts(rateOf(chosen("mno_carbon_workload_energy_kwh_total"), "workload"))})`,
          legend: "{{workload}}",
        },
      ],
    },
    {
      title: "Emissions by workload",
      description: "The ten that emit most: operational, location-based; signals are never added up.",
      unit: Unit.GramsPerHour,
      queries: [
        {
          expression: `topk(10, ${perHour(rateOf(chosen("mno_carbon_workload_operational_grams_total"), "workload", "signal"))})`,
          legend: "{{workload}} {{signal}}",
        },
      ],
    },
    {
      title: "Embodied",
      description: "Share of the making of the hardware, over all workloads.",
      unit: Unit.GramsPerHour,
      queries: [
        { expression: perHour(rateOf(chosen("mno_carbon_workload_embodied_grams_total"))), legend: "embodied" },
      ],
    },
    {
      title: "How energy is known",
      description: "Power by method: measured by RAPL, or by which power model.",
      unit: Unit.Watts,
      queries: [
        {
          expression: watts(rateOf(chosen("mno_carbon_node_energy_kwh_total"), "method")),
          legend: "{{method}}",
        },
      ],
    },
    {
      title: "Budgets",
      description: "Used of each carbon budget in its present period.",
      unit: Unit.Percent,
      kind: PanelKind.Number,
      queries: [{ expression: `max by (budget) (${chosen("mno_carbon_budget_used_percent")})`, legend: "{{budget}}" }],
    },
    {
      title: "Records that wait",
      description: "Attempts to record that failed, per second, by what was not there; the energy goes on adding up.",
      unit: Unit.PerSecond,
      queries: [{ expression: rateOf(chosen("mno_carbon_late_records_total"), "what"), legend: "{{what}}" }],
    },
    {
      title: "Look",
      description: "Time of one look at all nodes.",
      unit: Unit.Seconds,
      queries: [{ expression: quantileOf(0.99, chosen("mno_carbon_sample_seconds_bucket"), WINDOW), legend: "p99" }],
    },
  ],
};

const intensity: Section = {
  title: "Carbon intensity",
  panels: [
    {
      title: "In use",
      description: "Intensity that the last records rest on; average and marginal are two different things.",
      unit: Unit.GramsPerKwh,
      queries: [
        {
          expression: `max by (region, signal) (${chosen("mno_carbon_intensity_grams_per_kwh")})`,
          legend: "{{region}} {{signal}}",
        },
      ],
    },
    {
      title: "Who answers",
      description: "Answers per second by the feed that gave them, and those for which a feed was passed over.",
      unit: Unit.PerSecond,
      queries: [
        {
          expression: rateOf(chosen("mno_intensity_answers_total"), "feed", "question"),
          legend: "{{feed}} {{question}}",
        },
        { expression: rateOf(chosen("mno_intensity_fallbacks_total"), "feed"), legend: "{{feed}} passed over" },
        { expression: rateOf(chosen("mno_intensity_unanswered_total"), "question"), legend: "nobody: {{question}}" },
      ],
    },
    {
      title: "Who foretells",
      description: "Forecasts per second by the feed that answered, and by what foretold: the feed, or what stands in.",
      unit: Unit.PerSecond,
      queries: [
        { expression: rateOf(chosen("mno_intensity_forecasts_total"), "feed", "by"), legend: "{{feed}} by {{by}}" },
      ],
    },
    {
      title: "Age of the data",
      description: "Age of the data behind each feed's last answer; tables are old by nature.",
      unit: Unit.Seconds,
      queries: [{ expression: `min by (feed) (${chosen("mno_intensity_data_age_seconds")})`, legend: "{{feed}}" }],
    },
    {
      title: "Faults of feeds",
      description: "Questions to the feeds that failed, per second.",
      unit: Unit.PerSecond,
      queries: [{ expression: rateOf(chosen("mno_intensity_errors_total"), "feed"), legend: "{{feed}}" }],
    },
  ],
};

export const SUSTAINABILITY: FabricDescription = {
  name: "sustainability",
  title: "Sustainability",
  sections: [power, intensity, shifting, saving, reporting],
  alerts: SUSTAINABILITY_ALERTS,
};
