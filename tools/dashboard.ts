/**
 * A Grafana dashboard of the worker's metrics, for a Prometheus data source that is chosen on import. One row of the
 * table is one panel.
 */

interface Panel {
  readonly title: string;
  readonly description: string;
  /** How Grafana writes the values. */
  readonly unit: "pps" | "bytes" | "s" | "short" | "percentunit";
  /** PromQL by legend. `$job` is what the reader chose. */
  readonly queries: Readonly<Record<string, string>>;
  /** One value instead of a course over time. */
  readonly single?: true;
}

const JOB = '{job=~"$job",instance=~"$instance"}';
const rate = (metric: string): string => `rate(${metric}${JOB}[$__rate_interval])`;

const PANELS: readonly Panel[] = [
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

const COLUMNS = 3;
const WIDTH = 24 / COLUMNS;
const HEIGHT = 8;
/** Grafana's `${NAME}` for what the reader chose. */
const chosen = (variable: string): string => `\${${variable}}`;
const DATASOURCE = { type: "prometheus", uid: chosen("datasource") };

/** In Grafana's own form, schema version 39 (Grafana 10 and later). */
export function dashboard(): object {
  return {
    title: "Discord recording worker",
    uid: "meetbot-discord",
    schemaVersion: 39,
    version: 1,
    refresh: "10s",
    time: { from: "now-1h", to: "now" },
    templating: { list: [datasourceVariable(), labelVariable("job"), labelVariable("instance")] },
    panels: PANELS.map(panel),
  };
}

function panel({ title, description, unit, queries, single }: Panel, index: number): object {
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

function labelVariable(label: string): object {
  const query = `label_values(meetbot_job_state, ${label})`;
  return {
    ...{ name: label, label, type: "query", datasource: DATASOURCE, definition: query },
    query: { query, refId: label },
    ...{ refresh: 2, multi: true, includeAll: true, current: { text: "All", value: "$__all" } },
  };
}
