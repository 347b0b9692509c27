import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { SpeakerCounts } from "../recording/datagram-counts.ts";
import type { JobStatusReport } from "../recording/status.ts";

/**
 * The job in Prometheus' words. Figures are read from the recorder when somebody asks, so that counting costs the
 * receive path nothing more.
 */
export function createMetrics(status: () => JobStatusReport): Registry {
  const register = new Registry();
  collectDefaultMetrics({ register });
  new Counter({
    name: "meetbot_datagrams_total",
    help: "Datagrams that arrived, by what became of them; written is audio in a file",
    labelNames: ["fate"],
    registers: [register],
    collect() {
      this.reset();
      for (const [fate, count] of fatesOf(status().datagrams)) this.inc({ fate }, count);
    },
  });
  new Counter({
    name: "meetbot_speaker_datagrams_total",
    help: "Datagrams known to be a speaker's, by what became of them",
    labelNames: ["speaker", "fate"],
    registers: [register],
    collect() {
      this.reset();
      for (const [speaker, counts] of status().speakers) {
        for (const [fate, count] of fatesOf(counts)) this.inc({ speaker, fate }, count);
      }
    },
  });
  new Gauge({
    name: "meetbot_recorded_seconds",
    help: "Length of the recording so far",
    registers: [register],
    collect() {
      this.set(status().recordedMs / 1_000);
    },
  });
  new Gauge({
    name: "meetbot_job_state",
    help: "1 for the state that the job is in",
    labelNames: ["state"],
    registers: [register],
    collect() {
      this.reset();
      this.set({ state: status().state.status }, 1);
    },
  });
  new Gauge({
    name: "meetbot_auto_leave_remaining_seconds",
    help: "How long each auto-leave rule that applies now still has to go",
    labelNames: ["rule"],
    registers: [register],
    collect() {
      this.reset();
      for (const { exitReason, remainingMs } of status().countdowns)
        this.set({ rule: exitReason }, remainingMs / 1_000);
    },
  });
  return register;
}

function fatesOf({ written, dropped }: SpeakerCounts): [fate: string, count: number][] {
  return [["written", written], ...Object.entries(dropped)];
}
