import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { JobStatusReport } from "../recording/job/status.ts";
import { isPaused } from "./job-view.ts";
import { LatencyHistogram } from "./latency-histogram.ts";

/** A figure, or several by the value of one label. */
interface Row {
  readonly name: string;
  readonly help: string;
  readonly kind: "gauge" | "counter";
  readonly labels?: readonly string[];
  readonly read: (status: JobStatusReport) => Iterable<Sample>;
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

const one = (value: number | boolean): Sample[] => [[{}, Number(value)]];

/** Gauges of prom-client's own that are named like counters; promtool refuses them, and others say the same by kind. */
const MISNAMED = ["nodejs_active_handles_total", "nodejs_active_requests_total", "nodejs_active_resources_total"];

/** For all together whose packets came and who were never heard: labels go by first words. */
const NOT_HEARD = "none";

const ROWS: readonly Row[] = [
  {
    name: "meetbot_datagrams_total",
    help: "Datagrams that arrived, by what became of them; written is audio in a file",
    kind: "counter",
    labels: ["fate"],
    read: ({ datagrams }) => fatesOf(datagrams).map(([fate, count]) => [{ fate }, count]),
  },
  {
    name: "meetbot_speaker_datagrams_total",
    help: "Datagrams known to be a speaker's, by the label that the recording gives them and by what became of them",
    kind: "counter",
    labels: ["speaker", "fate"],
    // No ids: everybody inside the network may ask.
    read: ({ speakers, record: { people } }) => {
      const heard = people.participants().filter(({ id }) => people.hasSpoken(id));
      const labels = new Map(heard.map(({ id, speakerLabel }) => [id, speakerLabel]));
      return [...speakers].flatMap(([id, counts]) => {
        const speaker = labels.get(id) ?? NOT_HEARD;
        return fatesOf(counts).map(([fate, count]): Sample => [{ speaker, fate }, count]);
      });
    },
  },
  {
    name: "meetbot_recorded_seconds",
    help: "Length of the recording so far",
    kind: "gauge",
    read: ({ recordedMs }) => one(recordedMs / 1_000),
  },
  {
    name: "meetbot_job_state",
    help: "1 for the state that the job is in",
    kind: "gauge",
    labels: ["state"],
    read: ({ state }) => [[{ state: state.status }, 1]],
  },
  {
    name: "meetbot_recording_paused",
    help: "1 while the recording is paused",
    kind: "gauge",
    read: (status) => one(isPaused(status)),
  },
  {
    name: "meetbot_participants",
    help: "Who is in the channel now, the recorder left out",
    kind: "gauge",
    labels: ["kind"],
    read: ({ record: { people } }) => {
      const present = people.participants().filter(({ id }) => people.isPresent(id));
      const bots = present.filter(({ bot }) => bot).length;
      return [
        [{ kind: "human" }, present.length - bots],
        [{ kind: "bot" }, bots],
      ];
    },
  },
  {
    name: "meetbot_speakers",
    help: "People who have been heard so far",
    kind: "gauge",
    read: ({ record: { people } }) => one(people.participants().filter(({ id }) => people.hasSpoken(id)).length),
  },
  {
    name: "meetbot_voice_connected",
    help: "1 while people can be heard, 0 while the connection is away or what comes cannot be decrypted",
    kind: "gauge",
    read: ({ call }) => one(call?.connection === "live"),
  },
  {
    name: "meetbot_voice_reconnects_total",
    help: "How often the voice connection was lost",
    kind: "counter",
    read: ({ call }) => one(call?.reconnects ?? 0),
  },
  {
    name: "meetbot_dave_epochs",
    help: "Epochs of the end-to-end encrypted group that this connection has been through",
    kind: "gauge",
    read: ({ encryption }) => one(encryption.epochs),
  },
  {
    name: "meetbot_dave_protocol_version",
    help: "Version of the end-to-end encryption; 0 for none",
    kind: "gauge",
    read: ({ encryption }) => one(encryption.daveProtocolVersion),
  },
  {
    name: "meetbot_reorder_depth_packets",
    help: "Packets that wait for one before them",
    kind: "gauge",
    read: ({ call }) => one(call?.reorderDepth ?? 0),
  },
  {
    name: "meetbot_spool_bytes",
    help: "Bytes of the job that lie on the local disk",
    kind: "gauge",
    read: ({ spoolBytes }) => one(spoolBytes),
  },
  {
    name: "meetbot_upload_waiting_files",
    help: "Closed files that are not stored yet",
    kind: "gauge",
    read: ({ uploads }) => one(uploads.waitingFiles),
  },
  {
    name: "meetbot_upload_waiting_bytes",
    help: "What is left to store of closed files",
    kind: "gauge",
    read: ({ uploads }) => one(uploads.waitingBytes),
  },
  {
    name: "meetbot_upload_stored_bytes",
    help: "What the storage has taken so far, attempts under way included",
    kind: "gauge",
    read: ({ uploads }) => one(uploads.storedBytes),
  },
  {
    name: "meetbot_upload_failed_files_total",
    help: "Files that were given up and stay in the spool",
    kind: "counter",
    read: ({ uploads }) => one(uploads.failedFiles),
  },
  {
    name: "meetbot_warnings_total",
    help: "What went otherwise than it should, by the code that the manifest has too",
    kind: "counter",
    labels: ["code"],
    read: ({ record }) =>
      [...Map.groupBy(record.warnings, ({ code }) => code)].map(([code, { length }]) => [{ code }, length]),
  },
  {
    name: "meetbot_auto_leave_remaining_seconds",
    help: "How long each auto-leave rule that applies now still has to go",
    kind: "gauge",
    labels: ["rule"],
    read: ({ countdowns }) =>
      countdowns.map(({ exitReason, remainingMs }) => [{ rule: exitReason }, remainingMs / 1_000]),
  },
];

/**
 * The job as Prometheus metrics. They are read from the recorder on each request, so they cost the receive path
 * nothing. prom-client adds its own metrics of the process, such as the delay of the event loop.
 */
export function createMetrics(status: () => JobStatusReport): Registry {
  const register = new Registry();
  collectDefaultMetrics({ register });
  for (const name of MISNAMED) register.removeSingleMetric(name);
  for (const row of ROWS) addMetric(row, status, register);
  new LatencyHistogram({
    name: "meetbot_page_latency_seconds",
    help: "How long the oldest packet of each Ogg page waited until it was handed to the disk",
    registers: [register],
    counts: () => status().call?.pageLatency,
  });
  return register;
}

function addMetric(
  { name, help, kind, labels = [], read }: Row,
  status: () => JobStatusReport,
  register: Registry,
): void {
  const options = { name, help, labelNames: [...labels], registers: [register] };
  if (kind === "gauge") {
    new Gauge({
      ...options,
      collect() {
        this.reset();
        for (const [labelled, value] of read(status())) this.set(labelled, value);
      },
    });
    return;
  }
  new Counter({
    ...options,
    collect() {
      this.reset();
      for (const [labelled, value] of read(status())) this.inc(labelled, value);
    },
  });
}

function fatesOf({ written, dropped }: JobStatusReport["datagrams"]): [fate: string, count: number][] {
  return [["written", written], ...Object.entries(dropped)];
}
