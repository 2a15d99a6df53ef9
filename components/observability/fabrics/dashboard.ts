import { type FabricDescription, type Panel, PanelKind } from "./description";

/** Grafana's grid has 24 columns; three panels stand beside each other. */
const PANEL = { w: 8, h: 8 } as const;
const PANELS_IN_A_ROW = 24 / PANEL.w;

/** Any JSON object of Grafana's dashboard model. */
export type GrafanaModel = Readonly<Record<string, unknown>>;

const PROMETHEUS = { type: "prometheus", uid: "${datasource}" } as const;

/** The uid under which Grafana knows a fabric's dashboard, in every installation the same: links survive. */
export function dashboardUid(fabric: FabricDescription): string {
  return `mno-${fabric.name}`;
}

/** The dashboard of a fabric in Grafana's JSON model. The same description gives the same bytes. */
export function dashboardOf(fabric: FabricDescription): GrafanaModel {
  return {
    uid: dashboardUid(fabric),
    title: `Machine Native Ops: ${fabric.title}`,
    tags: ["machine-native-ops", fabric.name],
    schemaVersion: 39,
    editable: false,
    graphTooltip: 1,
    refresh: "30s",
    time: { from: "now-3h", to: "now" },
    timezone: "utc",
    links: [
      {
        type: "dashboards",
        title: "Machine Native Ops",
        tags: ["machine-native-ops"],
        asDropdown: true,
        includeVars: true,
        keepTime: true,
      },
    ],
    templating: { list: [datasourceVariable(), namespaceVariable()] },
    panels: panelsOf(fabric),
  };
}

function datasourceVariable(): GrafanaModel {
  return { name: "datasource", label: "Data source", type: "datasource", query: "prometheus", refresh: 1 };
}

function namespaceVariable(): GrafanaModel {
  const query = "label_values(mno_agent_restarts, namespace)";
  return {
    name: "namespace",
    label: "Namespace",
    type: "query",
    datasource: PROMETHEUS,
    query: { query, refId: "namespace" },
    definition: query,
    refresh: 2,
    includeAll: true,
    multi: true,
    // Everything, also what was scraped outside Kubernetes and has no such label.
    allValue: ".*",
    current: { text: "All", value: "$__all" },
  };
}

function panelsOf(fabric: FabricDescription): GrafanaModel[] {
  const made: GrafanaModel[] = [];
  let y = 0;
  for (const section of fabric.sections) {
    made.push({ id: made.length + 1, type: "row", title: section.title, gridPos: { x: 0, y, w: 24, h: 1 } });
    y += 1;
    for (const [index, panel] of section.panels.entries()) {
      const x = (index % PANELS_IN_A_ROW) * PANEL.w;
      const row = Math.floor(index / PANELS_IN_A_ROW);
      made.push(panelOf(panel, made.length + 1, { x, y: y + row * PANEL.h, ...PANEL }));
    }
    y += Math.ceil(section.panels.length / PANELS_IN_A_ROW) * PANEL.h;
  }
  return made;
}

function panelOf(panel: Panel, id: number, gridPos: GrafanaModel): GrafanaModel {
  return {
    id,
    type: panel.kind ?? PanelKind.Graph,
    title: panel.title,
    description: panel.description,
    datasource: PROMETHEUS,
    gridPos,
    fieldConfig: { defaults: { unit: panel.unit, ...(panel.signed ? {} : { min: 0 }) }, overrides: [] },
    targets: panel.queries.map(({ expression, legend }, index) => ({
      refId: String.fromCharCode(65 + index),
      datasource: PROMETHEUS,
      expr: expression,
      legendFormat: legend,
    })),
  };
}
