import { type DashboardPanel, grafanaDashboard } from "./grafana.ts";

/** A Grafana dashboard of the worker's metrics. One row of the table is one panel. */

const JOB = '{job=~"$job",instance=~"$instance"}';
const rate = (metric: string): string => `rate(${metric}${JOB}[$__rate_interval])`;

const PANELS: readonly DashboardPanel[] = [
  {
    title: "State",
    description: "The job's states, by worker.",
    unit: "short",
    queries: { "{{state}}": `sum by (state) (meetbot_job_state${JOB})` },
    single: true,
  },
  {
    title: "Recorded",
    description: "Length of the recording so far.",
    unit: "s",
    queries: { "{{instance}}": `meetbot_recorded_seconds${JOB}` },
    single: true,
  },
  {
    title: "Can be heard",
    description: "1 while voice comes in and can be decrypted; 1 in paused while the recording is paused.",
    unit: "short",
    queries: {
      "connected {{instance}}": `meetbot_voice_connected${JOB}`,
      "paused {{instance}}": `meetbot_recording_paused${JOB}`,
    },
  },
  {
    title: "People",
    description: "People and bots in the channel, and how many were heard so far.",
    unit: "short",
    queries: {
      "{{kind}}": `sum by (kind) (meetbot_participants${JOB})`,
      heard: `sum(meetbot_speakers${JOB})`,
    },
  },
  {
    title: "Datagrams by fate",
    description: "Everything that arrives is written, or dropped for a named reason.",
    unit: "pps",
    queries: { "{{fate}}": `sum by (fate) (${rate("meetbot_datagrams_total")})` },
  },
  {
    title: "Written by speaker",
    description: "Packets in files, by the label that the recording gives a speaker.",
    unit: "pps",
    queries: {
      "{{speaker}}": `sum by (speaker) (rate(meetbot_speaker_datagrams_total{fate="written",job=~"$job",instance=~"$instance"}[$__rate_interval]))`,
    },
  },
  {
    title: "Packets waiting for one before them",
    description: "A hole is given up after 250 ms.",
    unit: "short",
    queries: { "{{instance}}": `meetbot_reorder_depth_packets${JOB}` },
  },
  {
    title: "Page latency",
    description: "How long audio waits in memory until it is handed to the disk: what a kill would cost.",
    unit: "s",
    queries: {
      "99 %": `histogram_quantile(0.99, sum by (le) (${rate("meetbot_page_latency_seconds_bucket")}))`,
      mean: `sum(${rate("meetbot_page_latency_seconds_sum")}) / sum(${rate("meetbot_page_latency_seconds_count")})`,
    },
  },
  {
    title: "Event-loop delay",
    description: "A process that is starved loses datagrams in the kernel.",
    unit: "s",
    queries: {
      "99 % {{instance}}": `nodejs_eventloop_lag_p99_seconds${JOB}`,
      "longest {{instance}}": `nodejs_eventloop_lag_max_seconds${JOB}`,
    },
  },
  {
    title: "Reconnects",
    description: "How often the voice connection was lost.",
    unit: "short",
    queries: { "{{instance}}": `increase(meetbot_voice_reconnects_total${JOB}[$__range])` },
  },
  {
    title: "End-to-end encryption",
    description: "Epochs of the encrypted group, and DAVE's version.",
    unit: "short",
    queries: {
      "epochs {{instance}}": `meetbot_dave_epochs${JOB}`,
      "version {{instance}}": `meetbot_dave_protocol_version${JOB}`,
    },
  },
  {
    title: "Auto-leave",
    description: "How long each rule that applies now still has to go.",
    unit: "s",
    queries: { "{{rule}} {{instance}}": `meetbot_auto_leave_remaining_seconds${JOB}` },
  },
  {
    title: "On the local disk",
    description: "Bytes in the spool, and those of closed files that are not stored yet.",
    unit: "bytes",
    queries: {
      "spool {{instance}}": `meetbot_spool_bytes${JOB}`,
      "to store {{instance}}": `meetbot_upload_waiting_bytes${JOB}`,
    },
  },
  {
    title: "Upload queue",
    description: "Closed files that are not stored yet, and those that were given up.",
    unit: "short",
    queries: {
      "waiting {{instance}}": `meetbot_upload_waiting_files${JOB}`,
      "given up {{instance}}": `meetbot_upload_failed_files_total${JOB}`,
    },
  },
  {
    title: "Stored",
    description: "What the storage has taken so far.",
    unit: "bytes",
    queries: { "{{instance}}": `meetbot_upload_stored_bytes${JOB}` },
  },
  {
    title: "Warnings",
    description: "By the code that the manifest has too.",
    unit: "short",
    queries: { "{{code}}": `sum by (code) (meetbot_warnings_total${JOB})` },
  },
  {
    title: "Processor",
    description: "Share of one core.",
    unit: "percentunit",
    queries: { "{{instance}}": rate("process_cpu_seconds_total") },
  },
  {
    title: "Memory",
    description: "Resident set.",
    unit: "bytes",
    queries: { "{{instance}}": `process_resident_memory_bytes${JOB}` },
  },
];

export function dashboard(): object {
  return grafanaDashboard({
    title: "Discord recording worker",
    uid: "meetbot-discord",
    refresh: "10s",
    chosenBy: "meetbot_job_state",
    panels: PANELS,
  });
}
