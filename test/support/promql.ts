import { parser } from "@prometheus-io/lezer-promql";

/**
 * Metrics that a query asks for, by Prometheus' own grammar.
 *
 * @throws Error if it is not PromQL
 */
export function metricsIn(query: string): string[] {
  const names: string[] = [];
  parser.parse(query).iterate({
    enter: ({ name, type, from, to }) => {
      if (type.isError) throw new Error(`not PromQL at ${from}: ${query}`);
      if (name === "Identifier") names.push(query.slice(from, to));
    },
  });
  return names;
}

/** A dashboard as far as its queries go. */
export interface DashboardQueries {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}

/** The queries of a dashboard. Grafana's own variables, which Prometheus' grammar lacks, are filled in. */
export function queriesOf({ panels }: DashboardQueries): string[] {
  return panels.flatMap(({ targets }) => targets.map(({ expr }) => expr.replace(/\$__(?:rate_interval|range)/g, "5m")));
}

/** The names of a metrics page; a histogram has three. */
export function metricNames(text: string): Set<string> {
  return new Set(
    [...text.matchAll(/^# TYPE (\S+) (\w+)/gm)].flatMap(([, name = "", type]) =>
      type === "histogram" ? ["bucket", "sum", "count"].map((suffix) => `${name}_${suffix}`) : [name],
    ),
  );
}
