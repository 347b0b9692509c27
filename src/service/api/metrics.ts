import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { DAILY_LOGINS } from "../domain/login-budget.ts";
import type { ResidentState } from "../ports/resident-state.ts";
import { LoginBudget } from "../work/login-budget.ts";
import type { ApiOptions } from "./api-options.ts";
import { serviceJobStatus } from "./schemas/job-answer.ts";

/** Gauges of prom-client that are named like counters. promtool refuses them, and other metrics have the same numbers. */
const MISNAMED = ["nodejs_active_handles_total", "nodejs_active_requests_total", "nodejs_active_resources_total"];

type MeasuredParts = Pick<ApiOptions, "store" | "work" | "clock" | "disk" | "resident">;

export interface ServiceMetrics {
  readonly contentType: string;
  /** Counts an answer by its HTTP status. */
  readonly answered: (status: number) => void;
  readonly read: () => Promise<string>;
}

/** At least one shard is missing if the bot is not connected. */
function shardsOf(state: ResidentState): { readonly connected: number; readonly missing: number } {
  switch (state.kind) {
    case "connected":
      return { connected: state.shards, missing: 0 };
    case "connecting":
      return { connected: state.ready, missing: Math.max(1, state.shards - state.ready) };
    case "waiting":
    case "refused":
      return { connected: 0, missing: 1 };
  }
}

const ANSWER_CLASSES = ["2xx", "3xx", "4xx", "5xx"] as const;

/** Metrics of the service, computed at each request. None has names of customers, servers or jobs. */
export function serviceMetrics({ store, work, clock, disk, resident }: MeasuredParts): ServiceMetrics {
  const registry = new Registry();
  const logins = new LoginBudget({ store, clock });
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  const gauge = (name: string, help: string, labelNames: readonly string[] = []) =>
    new Gauge({ name, help, labelNames: [...labelNames], registers: [registry] });
  const jobs = gauge("meetbot_service_jobs", "Jobs by status", ["status"]);
  const slots = gauge("meetbot_service_worker_slots", "Workers that may run at the same time");
  const workers = gauge("meetbot_service_workers", "Workers that run");
  const waiting = gauge("meetbot_service_waiting_workers", "Processes that have loaded everything and wait for a job");
  const silent = gauge("meetbot_service_silent_workers", "Workers whose processes run and give no sign of life");
  const tickAge = gauge("meetbot_service_tick_age_seconds", "Time since the scheduler's last tick");
  const oldestDue = gauge("meetbot_service_oldest_due_delivery_seconds", "How long the oldest due delivery waits");
  const deliveries = gauge("meetbot_service_deliveries", "Webhooks that are not delivered, by state", ["state"]);
  const botLogins = gauge("meetbot_service_bot_logins", "Logins of all bots at Discord in the last 24 hours");
  const fewestLogins = gauge(
    "meetbot_service_fewest_bot_logins_left",
    "Logins that the bot with the fewest has left until Discord gives new ones",
  );
  const databaseBytes = gauge("meetbot_service_database_bytes", "Size of the database with its write-ahead log");
  const freeBytes = gauge("meetbot_service_data_free_bytes", "Free space for the data folder");
  const residentShards =
    resident &&
    gauge("meetbot_service_resident_shards", "Shards of the bot that answers commands in Discord, by state", ["state"]);
  const answers = new Counter({
    name: "meetbot_service_answers_total",
    help: "HTTP answers, by class of their status",
    labelNames: ["class"],
    registers: [registry],
  });
  // From the start, so that the first error is an increase.
  for (const each of ANSWER_CLASSES) answers.inc({ class: each }, 0);
  return {
    contentType: registry.contentType,
    answered: (status) => answers.inc({ class: `${Math.floor(status / 100)}xx` }),
    read: async () => {
      const now = clock.now();
      const health = work.health();
      const counts = await store.countByStatus();
      for (const status of serviceJobStatus.options) jobs.set({ status }, counts[status] ?? 0);
      slots.set(health.maxWorkers);
      workers.set(health.workers);
      waiting.set(health.waiting);
      silent.set(health.silent);
      tickAge.set(health.lastTickAt === null ? 0 : Math.max(0, now - health.lastTickAt) / 1_000);
      oldestDue.set(Math.max(0, now - ((await store.oldestDue(now)) ?? now)) / 1_000);
      const undelivered = await store.countUndelivered();
      for (const state of ["pending", "dead"] as const) deliveries.set({ state }, undelivered[state]);
      const bots = await logins.all();
      botLogins.set(bots.reduce((sum, { lastDay }) => sum + lastDay, 0));
      fewestLogins.set(Math.min(DAILY_LOGINS, ...bots.map(({ left }) => left)));
      const space = await disk();
      databaseBytes.set(space.databaseBytes);
      freeBytes.set(space.freeBytes);
      if (resident !== undefined) {
        const { connected, missing } = shardsOf(resident.state());
        residentShards?.set({ state: "connected" }, connected);
        residentShards?.set({ state: "missing" }, missing);
      }
      return await registry.metrics();
    },
  };
}
