import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { dashboard } from "../../tools/dashboard.ts";
import { controlServer } from "../support/control-server.ts";
import { type DashboardQueries, metricNames, metricsIn, queriesOf } from "../support/promql.ts";
import { settle } from "../support/virtual-clock.ts";

const DASHBOARD: DashboardQueries = JSON.parse(
  readFileSync(new URL("../../config/grafana-dashboard.json", import.meta.url), "utf8"),
);
const QUERIES = queriesOf(DASHBOARD);

describe("the Grafana dashboard", () => {
  it("queries every metric of the worker, and no others", async () => {
    const { call, ask } = await controlServer();
    const result = call.recorder.run();
    await settle();
    const { text } = await ask("GET", "/metrics");
    const served = metricNames(text);
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
