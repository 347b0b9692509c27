import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { JobSnapshot } from "../recording/job/status.ts";
import { isPaused } from "./job-view.ts";
import { LatencyHistogram } from "./latency-histogram.ts";

/** A value, or several by the value of one label. */
interface Row {
  readonly name: string;
  readonly help: string;
  readonly kind: "gauge" | "counter";
  readonly labels?: readonly string[];
  readonly read: (status: JobSnapshot) => Iterable<Sample>;
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

const one = (value: number | boolean): Sample[] => [[{}, Number(value)]];

/**
 * Gauges of prom-client that are named like counters. promtool refuses them, and other metrics give the same by kind.
 */
const MISNAMED = ["nodejs_active_handles_total", "nodejs_active_requests_total", "nodejs_active_resources_total"];

/** The label for everyone who sent packets but was never heard; only people who were heard have their own label. */
const NOT_HEARD = "none";

const ROWS: readonly Row[] = [
  {
    name: "meetbot_datagrams_total",
    help: "Datagrams that arrived, by their fate; written means audio in a file",
    kind: "counter",
    labels: ["fate"],
    read: ({ datagrams }) => fatesOf(datagrams).map(([fate, count]) => [{ fate }, count]),
  },
  {
    name: "meetbot_speaker_datagrams_total",
    help: "Datagrams known to be from a speaker, by the speaker's label in the recording and by their fate",
    kind: "counter",
    labels: ["speaker", "fate"],
    // There are no ids, because everyone inside the network may read them.
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
    help: "People and bots in the channel now, without the recorder itself",
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
    help: "1 while people can be heard; 0 while the connection is lost or packets cannot be decrypted",
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
    help: "Epochs of the end-to-end encrypted group during this connection",
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
    help: "Packets that wait for an earlier packet",
    kind: "gauge",
    read: ({ call }) => one(call?.reorderDepth ?? 0),
  },
  {
    name: "meetbot_spool_bytes",
    help: "Bytes of the job on the local disk",
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
    help: "Bytes of closed files that are not stored yet",
    kind: "gauge",
    read: ({ uploads }) => one(uploads.waitingBytes),
  },
  {
    name: "meetbot_upload_stored_bytes",
    help: "Bytes that the storage has taken so far, including running uploads",
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
    help: "Warnings, by the code that the manifest has too",
    kind: "counter",
    labels: ["code"],
    read: ({ record }) =>
      [...Map.groupBy(record.warnings, ({ code }) => code)].map(([code, { length }]) => [{ code }, length]),
  },
  {
    name: "meetbot_auto_leave_remaining_seconds",
    help: "Time left for each auto-leave rule that applies now",
    kind: "gauge",
    labels: ["rule"],
    read: ({ countdowns }) =>
      countdowns.map(({ exitReason, remainingMs }) => [{ rule: exitReason }, remainingMs / 1_000]),
  },
];

/**
 * The job as Prometheus metrics. Each request reads them from the recorder, so they cost the receive path
 * nothing. prom-client adds its own metrics of the process, such as the delay of the event loop.
 */
export function createMetrics(status: () => JobSnapshot): Registry {
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

function addMetric({ name, help, kind, labels = [], read }: Row, status: () => JobSnapshot, register: Registry): void {
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

function fatesOf({ written, dropped }: JobSnapshot["datagrams"]): [fate: string, count: number][] {
  return [["written", written], ...Object.entries(dropped)];
}
