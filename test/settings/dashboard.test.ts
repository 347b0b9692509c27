import { readFileSync } from "node:fs";
import { parser } from "@prometheus-io/lezer-promql";
import { describe, expect, it } from "vitest";
import { dashboard } from "../../tools/dashboard.ts";
import { controlServer } from "../support/control-server.ts";
import { settle } from "../support/virtual-clock.ts";

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}

const DASHBOARD: Dashboard = JSON.parse(
  readFileSync(new URL("../../config/grafana-dashboard.json", import.meta.url), "utf8"),
);
/** What Grafana puts in the place of its own variables; Prometheus' grammar knows none. */
const QUERIES = DASHBOARD.panels.flatMap(({ targets }) =>
  targets.map(({ expr }) => expr.replace(/\$__(?:rate_interval|range)/g, "5m")),
);

/** Metrics that a query asks for, by Prometheus' own grammar. */
function metricsIn(query: string): string[] {
  const names: string[] = [];
  parser.parse(query).iterate({
    enter: ({ name, type, from, to }) => {
      if (type.isError) throw new Error(`not PromQL at ${from}: ${query}`);
      if (name === "Identifier") names.push(query.slice(from, to));
    },
  });
  return names;
}

describe("the Grafana dashboard", () => {
  it("queries every metric of the worker, and no others", async () => {
    const { call, ask } = await controlServer();
    const result = call.recorder.run();
    await settle();
    const { text } = await ask("GET", "/metrics");
    const served = new Set(
      [...text.matchAll(/^# TYPE (\S+) (\w+)/gm)].flatMap(([, name = "", type]) => {
        return type === "histogram" ? ["bucket", "sum", "count"].map((suffix) => `${name}_${suffix}`) : [name];
      }),
    );
    const asked = new Set(QUERIES.flatMap(metricsIn));
    expect(QUERIES.length).toBeGreaterThan(15);
    expect([...asked].filter((name) => !served.has(name))).toEqual([]);
    expect([...served].filter((name) => name.startsWith("meetbot_") && !asked.has(name))).toEqual([]);
    const chosen = DASHBOARD.templating.list.flatMap(({ definition }) => definition ?? []);
    expect(chosen).toEqual(["label_values(meetbot_job_state, job)", "label_values(meetbot_job_state, instance)"]);
    call.recorder.end({ exitReason: "shutdown", detail: "test" });
    await result;
  });

  it("fails this check if it queries an unknown metric", () => {
    expect(() => metricsIn("rate(x[5m]")).toThrow("not PromQL");
    expect(metricsIn('sum by (a) (rate(x{b="c"}[5m])) / y')).toEqual(["x", "y"]);
  });

  it("shows each panel once, without overlap", () => {
    const { panels } = dashboard() as { panels: readonly { title: string; gridPos: object }[] };
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    expect(new Set(panels.map(({ gridPos }) => JSON.stringify(gridPos))).size).toBe(panels.length);
  });
});
