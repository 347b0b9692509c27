import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { ApiOptions } from "./api-options.ts";
import { serviceJobStatus } from "./schemas/job-answer.ts";

/** Gauges of prom-client that are named like counters. promtool refuses them, and other metrics have the same numbers. */
const MISNAMED = ["nodejs_active_handles_total", "nodejs_active_requests_total", "nodejs_active_resources_total"];

/** Metrics of the service, computed at each request. None has names of customers, servers or jobs. */
export function serviceMetrics({ store, work, clock }: Pick<ApiOptions, "store" | "work" | "clock">): {
  readonly contentType: string;
  readonly read: () => Promise<string>;
} {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  const gauge = (name: string, help: string, labelNames: readonly string[] = []) =>
    new Gauge({ name, help, labelNames: [...labelNames], registers: [registry] });
  const jobs = gauge("meetbot_service_jobs", "Jobs by status", ["status"]);
  const slots = gauge("meetbot_service_worker_slots", "Workers that may run at the same time");
  const workers = gauge("meetbot_service_workers", "Workers that run");
  const waiting = gauge("meetbot_service_waiting_workers", "Processes that have loaded everything and wait for a job");
  const tickAge = gauge("meetbot_service_tick_age_seconds", "Time since the scheduler's last tick");
  const oldestDue = gauge("meetbot_service_oldest_due_delivery_seconds", "How long the oldest due delivery waits");
  return {
    contentType: registry.contentType,
    read: async () => {
      const now = clock.now();
      const health = work.health();
      const counts = await store.countByStatus();
      for (const status of serviceJobStatus.options) jobs.set({ status }, counts[status] ?? 0);
      slots.set(health.maxWorkers);
      workers.set(health.workers);
      waiting.set(health.waiting);
      tickAge.set(health.lastTickAt === null ? 0 : Math.max(0, now - health.lastTickAt) / 1_000);
      oldestDue.set(Math.max(0, now - ((await store.oldestDue(now)) ?? now)) / 1_000);
      return await registry.metrics();
    },
  };
}
