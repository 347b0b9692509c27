/** Grafana dashboards for a Prometheus data source that is chosen on import, in Grafana's own form. */

export interface DashboardPanel {
  readonly title: string;
  readonly description: string;
  /** How Grafana writes the values. */
  readonly unit: "pps" | "bytes" | "s" | "short" | "percentunit" | "reqps";
  /** PromQL by legend. `$job` and `$instance` are what the reader chose. */
  readonly queries: Readonly<Record<string, string>>;
  /** One value instead of a course over time. */
  readonly single?: true;
}

export interface Dashboard {
  readonly title: string;
  readonly uid: string;
  readonly refresh: string;
  /** A metric that every process has: its labels are what the reader can choose. */
  readonly chosenBy: string;
  readonly panels: readonly DashboardPanel[];
}

const COLUMNS = 3;
const WIDTH = 24 / COLUMNS;
const HEIGHT = 8;
/** Grafana's `${NAME}` for what the reader chose. */
const chosen = (variable: string): string => `\${${variable}}`;
const DATASOURCE = { type: "prometheus", uid: chosen("datasource") };

/** Schema version 39: Grafana 10 and later. */
export function grafanaDashboard({ title, uid, refresh, chosenBy, panels }: Dashboard): object {
  return {
    title,
    uid,
    schemaVersion: 39,
    version: 1,
    refresh,
    time: { from: "now-1h", to: "now" },
    templating: {
      list: [datasourceVariable(), labelVariable("job", chosenBy), labelVariable("instance", chosenBy)],
    },
    panels: panels.map(panel),
  };
}

function panel({ title, description, unit, queries, single }: DashboardPanel, index: number): object {
  return {
    id: index + 1,
    type: single === true ? "stat" : "timeseries",
    title,
    description,
    datasource: DATASOURCE,
    gridPos: { x: (index % COLUMNS) * WIDTH, y: Math.floor(index / COLUMNS) * HEIGHT, w: WIDTH, h: HEIGHT },
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    targets: Object.entries(queries).map(([legendFormat, expr], target) => ({
      refId: String.fromCharCode(65 + target),
      datasource: DATASOURCE,
      expr,
      legendFormat,
    })),
  };
}

function datasourceVariable(): object {
  return { name: "datasource", label: "Data source", type: "datasource", query: "prometheus" };
}

function labelVariable(label: string, metric: string): object {
  const query = `label_values(${metric}, ${label})`;
  return {
    ...{ name: label, label, type: "query", datasource: DATASOURCE, definition: query },
    query: { query, refId: label },
    ...{ refresh: 2, multi: true, includeAll: true, current: { text: "All", value: "$__all" } },
  };
}
