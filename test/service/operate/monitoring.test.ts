import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { parse } from "yaml";
import { missing } from "../../support/audio-programs.ts";
import { type DashboardQueries, metricNames, metricsIn, queriesOf } from "../../support/promql.ts";
import { serviceApi, statusReport } from "../../support/service-api.ts";

const CONFIG = new URL("../../../config/", import.meta.url);
const RULES_FILE = fileURLToPath(new URL("prometheus/service-alerts.yml", CONFIG));

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const [{ rules: RULES }] = parse(readFileSync(RULES_FILE, "utf8")).groups as [{ readonly rules: readonly Rule[] }];

/** The metrics of a service with jobs in several states, and with answers of each class. */
async function realMetrics(): Promise<string> {
  const { ask, create, launch } = await serviceApi({ resident: { kind: "connecting", ready: 1, shards: 2 } });
  const { json: job } = await create({ externalId: "a", webhooks: { onStatus: "https://a.example/hook" } });
  const key = await launch(job.id);
  await ask("POST", "/api/v1/ingest", { key, body: statusReport(job.id, "joining", "queued") });
  await create({ meetingUrl: "discord://923456789012345678/923456789012345678" });
  await ask("GET", "/api/v1/jobs/none");
  return (await ask("GET", "/metrics")).text;
}

/** Metrics and the label values that are asked for, such as `meetbot_service_jobs{status="queued"`. */
function chosenIn(query: string): string[] {
  return [...query.matchAll(/(meetbot_service_\w+)\{(\w+="\w+")/g)].map(([, name, label]) => `${name}{${label}`);
}

describe("what is asked of the service's metrics", () => {
  it.skipIf(missing("promtool"))("are metrics with which promtool finds nothing wrong", async () => {
    const input = await realMetrics();
    expect(input).toContain('meetbot_service_jobs{status="joining"} 1');
    expect(input).toContain('meetbot_service_deliveries{state="pending"} 1');
    expect(input).toContain('meetbot_service_answers_total{class="4xx"} 1');
    expect(execFileSync("promtool", ["check", "metrics"], { input, encoding: "utf8" })).toBe("");
  });

  it("exists, in alerts and dashboard, and the dashboard shows every metric of ours", async () => {
    const dashboard: DashboardQueries = JSON.parse(readFileSync(new URL("grafana/service.json", CONFIG), "utf8"));
    const text = await realMetrics();
    const served = metricNames(text);
    const queries = queriesOf(dashboard);
    const alerts = RULES.map(({ expr }) => expr);
    const asked = [...queries, ...alerts].flatMap(metricsIn).filter((name) => name !== "up");
    expect(asked.filter((name) => !served.has(name))).toEqual([]);
    expect([...queries, ...alerts].flatMap(chosenIn).filter((chosen) => !text.includes(chosen))).toEqual([]);
    const shown = new Set(queries.flatMap(metricsIn));
    expect([...served].filter((name) => name.startsWith("meetbot_service_") && !shown.has(name))).toEqual([]);
  });
});

const OF_US = 'job="meetbot-service",instance="a"';

interface Case {
  /** Values a minute apart, as promtool writes them. */
  readonly series: Readonly<Record<string, string>>;
  /** Minutes after which the alert is not there yet, and after which it is. */
  readonly quiet: number;
  readonly fires: number;
  /** Labels besides those of the series; none if the series is missing. */
  readonly labels?: Readonly<Record<string, string>>;
  /** As the summary shows it. */
  readonly value?: string;
}

/** One case for each alert at least: a series that is in order, and then is not. */
const CASES: readonly (readonly [string, Case])[] = [
  ["MeetbotServiceDown", { series: { up: "1x4 0x10" }, quiet: 6, fires: 7 }],
  ["MeetbotServiceDown", { series: {}, quiet: 1, fires: 2, labels: { job: "meetbot-service" } }],
  [
    "MeetbotServiceRestarts",
    { series: { process_start_time_seconds: "100x2 200x2 300x2 400x2 500x30" }, quiet: 11, fires: 12, value: "4" },
  ],
  [
    "MeetbotSchedulerHangs",
    { series: { meetbot_service_tick_age_seconds: "1x4 20x10" }, quiet: 5, fires: 6, value: "20s" },
  ],
  ["MeetbotWorkerSilent", { series: { meetbot_service_silent_workers: "0x4 1x10" }, quiet: 4, fires: 5, value: "1" }],
  [
    "MeetbotDeliveriesStall",
    { series: { meetbot_service_oldest_due_delivery_seconds: "0x4 180x10" }, quiet: 6, fires: 7, value: "3m 0s" },
  ],
  ["MeetbotDeadLetters", { series: { 'meetbot_service_deliveries{state="dead"': "2x60 3x10" }, quiet: 60, fires: 64 }],
  [
    "MeetbotJobsFail",
    { series: { 'meetbot_service_jobs{status="failed"': "7x60 12x60" }, quiet: 60, fires: 100, value: "5" },
  ],
  [
    "MeetbotSlotsFull",
    {
      series: {
        meetbot_service_workers: "3x4 4x10",
        meetbot_service_worker_slots: "4x20",
        'meetbot_service_jobs{status="queued"': "1x20",
      },
      ...{ quiet: 6, fires: 7, value: "4" },
    },
  ],
  [
    "MeetbotLoginsRunOut",
    { series: { meetbot_service_fewest_bot_logins_left: "300x4 150x10" }, quiet: 4, fires: 5, value: "150" },
  ],
  [
    "MeetbotCommandsDown",
    { series: { 'meetbot_service_resident_shards{state="missing"': "0x4 1x20" }, quiet: 14, fires: 15 },
  ],
  [
    "MeetbotServerErrors",
    { series: { 'meetbot_service_answers_total{class="5xx"': "0x10 10+10x20" }, quiet: 12, fires: 20 },
  ],
  [
    "MeetbotDiskNearlyFull",
    { series: { meetbot_service_data_free_bytes: "3000000000x4 1900000000x10" }, quiet: 9, fires: 10 },
  ],
  [
    "MeetbotDiskFillsUp",
    { series: { meetbot_service_data_free_bytes: "50000000000-100000000x400" }, quiet: 30, fires: 380 },
  ],
];

/** A series with the labels of the service. */
function named(series: string): string {
  return series.includes("{") ? `${series},${OF_US}}` : `${series}{${OF_US}}`;
}

function promtoolCase([alert, { series, quiet, fires, labels, value = "" }]: (typeof CASES)[number]): object {
  const rule = RULES.find((each) => each.alert === alert);
  if (rule === undefined) throw new Error(`no alert ${alert}`);
  const [state] = Object.keys(series).flatMap((name) =>
    [...name.matchAll(/\{(\w+)="(\w+)"/g)].map(([, k, v]) => [k, v]),
  );
  const own = alert === "MeetbotSlotsFull" || state === undefined ? {} : { [state[0] ?? ""]: state[1] };
  const annotations = Object.fromEntries(
    Object.entries(rule.annotations).map(([name, text]) => [name, text.replaceAll(/\{\{.*?\}\}/g, value)]),
  );
  const firing = {
    exp_labels: { ...rule.labels, ...(labels ?? { job: "meetbot-service", instance: "a", ...own }) },
    exp_annotations: annotations,
  };
  return {
    interval: "1m",
    input_series: Object.entries(series).map(([name, values]) => ({ series: named(name), values })),
    alert_rule_test: [
      { eval_time: `${quiet}m`, alertname: alert, exp_alerts: [] },
      { eval_time: `${fires}m`, alertname: alert, exp_alerts: [firing] },
    ],
  };
}

describe.skipIf(missing("promtool"))("the alerts of the service", () => {
  it("are rules with which promtool finds nothing wrong", () => {
    const said = execFileSync("promtool", ["check", "rules", RULES_FILE], { encoding: "utf8" });
    expect(said).toContain(`SUCCESS: ${RULES.length} rules found`);
  });

  it("come when they should and not before, by promtool's own tests, and each is tested", async () => {
    expect(new Set(CASES.map(([alert]) => alert))).toEqual(new Set(RULES.map(({ alert }) => alert)));
    const folder = await mkdtemp(join(tmpdir(), "meetbot-rules-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, "tests.json");
    const tests = { rule_files: [RULES_FILE], evaluation_interval: "1m", tests: CASES.map(promtoolCase) };
    await writeFile(file, JSON.stringify(tests));
    expect(execFileSync("promtool", ["test", "rules", file], { encoding: "utf8" })).toContain("SUCCESS");
  });
});
