import { type DashboardPanel, grafanaDashboard } from "./grafana.ts";

/** A Grafana dashboard of the job service's metrics. One row of the table is one panel. */

const JOB = '{job=~"$job",instance=~"$instance"}';
const where = (label: string, value: string): string => `{${label}="${value}",job=~"$job",instance=~"$instance"}`;

const PANELS: readonly DashboardPanel[] = [
  {
    title: "Live jobs",
    description: "Jobs that are not over, by status.",
    unit: "short",
    queries: {
      "{{status}}": `sum by (status) (meetbot_service_jobs{status!~"completed|failed|cancelled",job=~"$job",instance=~"$instance"})`,
    },
  },
  {
    title: "Workers and slots",
    description:
      "Workers that run, how many may, how many have started ahead of their jobs, and how many give no sign of life. Further jobs wait in the order of joinAt.",
    unit: "short",
    queries: {
      workers: `sum(meetbot_service_workers${JOB})`,
      slots: `sum(meetbot_service_worker_slots${JOB})`,
      "without a job": `sum(meetbot_service_waiting_workers${JOB})`,
      silent: `sum(meetbot_service_silent_workers${JOB})`,
    },
  },
  {
    title: "Jobs that ended",
    description: "In the last hour, by how.",
    unit: "short",
    queries: {
      "{{status}}": `sum by (status) (delta(meetbot_service_jobs{status=~"completed|failed|cancelled",job=~"$job",instance=~"$instance"}[1h]))`,
    },
  },
  {
    title: "Last tick",
    description: "Time since the scheduler's last tick: one a second. Over 15 s it hangs.",
    unit: "s",
    queries: { "{{instance}}": `meetbot_service_tick_age_seconds${JOB}` },
  },
  {
    title: "Oldest due webhook",
    description: "How long it has waited to be sent. A receiver that is down does not count.",
    unit: "s",
    queries: { "{{instance}}": `meetbot_service_oldest_due_delivery_seconds${JOB}` },
  },
  {
    title: "Webhooks",
    description: "Events that are not delivered yet, and those that were given up after 24 hours.",
    unit: "short",
    queries: {
      pending: `sum(meetbot_service_deliveries${where("state", "pending")})`,
      "dead letters": `sum(meetbot_service_deliveries${where("state", "dead")})`,
    },
  },
  {
    title: "Logins at Discord",
    description: "A bot has 1,000 a day. New calls are refused when the bot with the fewest has only its reserve left.",
    unit: "short",
    queries: {
      "in 24 hours": `sum(meetbot_service_bot_logins${JOB})`,
      "fewest left": `min(meetbot_service_fewest_bot_logins_left${JOB})`,
    },
  },
  {
    title: "Commands in Discord",
    description: "Shards of the bot that answers commands. Nothing is shown without a bot.",
    unit: "short",
    queries: { "{{state}}": `sum by (state) (meetbot_service_resident_shards${JOB})` },
  },
  {
    title: "Answers",
    description: "HTTP answers by class.",
    unit: "reqps",
    queries: { "{{class}}": `sum by (class) (rate(meetbot_service_answers_total${JOB}[$__rate_interval]))` },
  },
  {
    title: "Free in the data folder",
    description: "Spools, logs and database share it. Recordings end below 100 MB.",
    unit: "bytes",
    queries: { "{{instance}}": `meetbot_service_data_free_bytes${JOB}` },
  },
  {
    title: "Database",
    description: "The SQLite file with its write-ahead log.",
    unit: "bytes",
    queries: { "{{instance}}": `meetbot_service_database_bytes${JOB}` },
  },
  {
    title: "Processor",
    description: "Of the service, without its workers. Share of one core.",
    unit: "percentunit",
    queries: { "{{instance}}": `rate(process_cpu_seconds_total${JOB}[$__rate_interval])` },
  },
  {
    title: "Memory",
    description: "Resident set of the service, without its workers.",
    unit: "bytes",
    queries: { "{{instance}}": `process_resident_memory_bytes${JOB}` },
  },
  {
    title: "Event-loop delay",
    description: "Each query of the database blocks the process for as long as it takes.",
    unit: "s",
    queries: { "99 % {{instance}}": `nodejs_eventloop_lag_p99_seconds${JOB}` },
  },
];

export function serviceDashboard(): object {
  return grafanaDashboard({
    title: "meetbot-discord job service",
    uid: "meetbot-discord-service",
    refresh: "30s",
    chosenBy: "meetbot_service_workers",
    panels: PANELS,
  });
}
