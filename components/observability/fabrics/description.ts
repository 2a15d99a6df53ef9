/** What a fabric tells about itself: its dashboard and its alerts are built from this alone. */
export interface FabricDescription {
  /** Lower case; names the dashboard and the group of alerts. */
  name: string;
  title: string;
  sections: readonly Section[];
  alerts: readonly AlertDescription[];
}

/** One row of the dashboard. */
export interface Section {
  title: string;
  panels: readonly Panel[];
}

export interface Panel {
  title: string;
  /** What a reader learns from it. */
  description: string;
  unit: Unit;
  /** Values may be negative: the axis does not begin at 0. */
  signed?: true;
  /** Default: a graph over time. */
  kind?: PanelKind;
  queries: readonly Query[];
}

export const PanelKind = { Graph: "timeseries", Number: "stat" } as const;
export type PanelKind = (typeof PanelKind)[keyof typeof PanelKind];

/** Grafana's ids of the units in use. */
export const Unit = {
  PerSecond: "ops",
  Seconds: "s",
  Bytes: "bytes",
  Cores: "none",
  Count: "short",
  Share: "percentunit",
  UsdPerHour: "currencyUSD",
  Percent: "percent",
  Watts: "watt",
  KilowattHours: "kwatth",
  Grams: "massg",
  GramsPerHour: "suffix: g/h",
  GramsPerKwh: "suffix: g/kWh",
} as const;
export type Unit = (typeof Unit)[keyof typeof Unit];

export interface Query {
  /** PromQL; `$namespace` and `$__rate_interval` are filled in by Grafana. */
  expression: string;
  /** Grafana's legend: `{{label}}` stands for the label's value. */
  legend: string;
}

/** critical: somebody is called; warning: somebody looks within the working day. */
export const Severity = { Critical: "critical", Warning: "warning" } as const;
export type Severity = (typeof Severity)[keyof typeof Severity];

export interface AlertDescription {
  /** In UpperCamelCase; its runbook is `docs/runbooks/<name>.md`. One name may have several severities. */
  name: string;
  severity: Severity;
  /** PromQL; fires for each series that it yields. */
  expression: string;
  /** How long it must hold, as Prometheus writes durations: "10m". */
  holds: string;
  /** One line; `{{ $labels.x }}` stands for a label's value, `{{ $value }}` for the number. */
  summary: string;
}
