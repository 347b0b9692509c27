import type { FailureCode } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { EventJob } from "../../session/build-job-events.ts";
import type { ExitCode } from "../../session/exit.ts";
import { MANIFEST_FILE, MANIFEST_TYPE, PROVISIONAL_FILE } from "../../session/job-files.ts";
import type { Manifest } from "../../session/manifest.ts";
import type { JobState } from "../../session/state.ts";
import type { Clock } from "../ports/clock.ts";
import type { EventSink } from "../ports/event-sink.ts";
import type { Spool } from "../ports/spool.ts";
import type { Storage } from "../ports/storage.ts";
import { attempt } from "./attempt.ts";
import { emptySpool, keepSpool, leftInSpool } from "./close-spool.ts";
import type { HungSpoolError } from "./hung-spool.ts";
import { JobEventSender, type JobOutcome } from "./job-event-sender.ts";
import type { JobJournal } from "./job-journal.ts";
import type { JobResult } from "./job-result.ts";
import { buildManifest } from "./manifest-builder.ts";
import type { JobSnapshot } from "./status.ts";
import { checkStored } from "./stored-check.ts";
import { noteLost, noteStored } from "./stored-files.ts";
import { Uploader } from "./uploader.ts";

export interface FinishPorts {
  readonly spool: Spool;
  readonly storage: Storage;
  readonly eventSink: EventSink;
  readonly clock: Clock;
  readonly log: Log;
}

/** Some files are not stored, or some events not delivered. */
const UNFINISHED = 5;

/**
 * Ends a job: its uploads, its manifest, its last job events, and its spool. It works the same for a call that has just
 * ended and for a recovery, because everything it needs is in the journal.
 */
export class JobFinish {
  readonly uploader: Uploader;
  readonly jobEvents: JobEventSender;
  readonly #ports: FinishPorts;
  readonly #journal: JobJournal;
  readonly #abandoned = new AbortController();

  constructor(ports: FinishPorts, journal: JobJournal, job: EventJob) {
    const { spool, storage, clock, log } = ports;
    this.#ports = ports;
    this.#journal = journal;
    this.jobEvents = new JobEventSender(ports.eventSink, job);
    const files = { journal, spool, log };
    this.uploader = new Uploader({
      ...{ storage, clock, log },
      onStored: ({ name }) => noteStored(files, name),
      onGone: ({ name }) => noteLost(files, name),
    });
  }

  /** The part of the status that concerns files, both in the recorder and in a recovery. */
  status(): Pick<JobSnapshot, "record" | "uploads" | "spoolBytes" | "manifestUri"> {
    const { record } = this.#journal;
    return {
      record,
      uploads: this.uploader.progress,
      spoolBytes: this.#ports.spool.bytes,
      manifestUri: record.finalized ? this.#ports.storage.uriOf(MANIFEST_FILE) : undefined,
    };
  }

  /** Cancels uploads and deliveries; the rest stays in the spool. */
  abandon(): void {
    this.#abandoned.abort(new Error("the worker was asked to stop at once"));
    this.uploader.abort();
    void this.jobEvents.close();
  }

  /** Notes what was deleted from the storage during the call. A recovery asks before it begins. */
  async checkStored(): Promise<void> {
    const { uploader } = this;
    await uploader.drain();
    if (uploader.failures.length > 0) return;
    await checkStored({ ...this.#ports, journal: this.#journal, uploader }, this.#abandoned.signal);
  }

  /**
   * Stores the remaining files, the manifest last, and delivers the final events.
   *
   * @param finalized gives the job's last state, once the manifest is stored
   */
  async complete(finalized: () => JobState): Promise<JobResult> {
    const manifest = await this.#storeManifest();
    if (manifest === undefined) return await this.leaveUnfinished("internal_error", "not everything could be stored");
    const storedRecording = { manifest, manifestUri: this.#ports.storage.uriOf(MANIFEST_FILE) };
    return await this.close({ state: finalized(), storedRecording }, 0);
  }

  /**
   * Delivers the final events of a job. If all are delivered, its spool is emptied; otherwise the spool keeps what a
   * recovery needs to deliver the rest.
   *
   * @param exitCode of a job whose events are all delivered
   */
  async close({ state, storedRecording }: JobOutcome, exitCode: ExitCode): Promise<JobResult> {
    const { spool, log } = this.#ports;
    const isDelivered = await this.jobEvents.finish({ state, storedRecording });
    if (isDelivered) await emptySpool(this.#journal, spool);
    else {
      log.error({}, "not all events of the job's end could be delivered; they stay in the spool");
      await keepSpool(this.#journal, spool);
    }
    const { manifest, manifestUri } = storedRecording ?? { manifest: undefined, manifestUri: undefined };
    return { state, exitCode: isDelivered ? exitCode : UNFINISHED, manifest, manifestUri };
  }

  /** Keeps the job open, so a recovery can store the missing files and deliver the final events. */
  async leaveUnfinished(failureCode: FailureCode, detail: string): Promise<JobResult> {
    const { spool, log } = this.#ports;
    await attempt(log, "closing the event delivery", () => this.jobEvents.close());
    await attempt(log, "giving the spool back", () => keepSpool(this.#journal, spool));
    const state = { status: "failed", failureCode, detail: `${detail}; ${await leftInSpool(spool)}` } as const;
    log.info({ status: "failed" }, "state: failed");
    return { state, exitCode: UNFINISHED, manifest: undefined, manifestUri: undefined };
  }

  /** The spool's disk hangs, so nothing can be closed. A recovery finishes what the disk has. */
  leaveHung(error: HungSpoolError): JobResult {
    this.abandon();
    const detail = `${error.message}; recover the job when the disk answers again`;
    const state = { status: "failed", failureCode: "internal_error", detail } as const;
    this.#ports.log.info({ status: "failed" }, "state: failed");
    return { state, exitCode: UNFINISHED, manifest: undefined, manifestUri: undefined };
  }

  /** @returns undefined if a file could not be stored; the spool keeps everything needed for a retry */
  async #storeManifest(): Promise<Manifest | undefined> {
    const { spool, storage, log } = this.#ports;
    const { uploader } = this;
    await uploader.drain();
    if (uploader.failures.length > 0) return undefined;
    const { record } = this.#journal;
    const manifest = buildManifest(record, (name) => storage.uriOf(name));
    if (record.finalized) return manifest;
    const file = await spool.write(MANIFEST_FILE, Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`, "utf8"));
    uploader.add(file, MANIFEST_TYPE);
    await uploader.drain();
    if (uploader.failures.length > 0) return undefined;
    this.#journal.note({ type: "finalized" });
    await storage.remove(PROVISIONAL_FILE).catch((error: unknown) => {
      log.warn({ err: error }, `${PROVISIONAL_FILE} could not be removed; ${MANIFEST_FILE} is what counts`);
    });
    return manifest;
  }
}
