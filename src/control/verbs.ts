import type * as z from "zod";
import { MessageError } from "../errors.ts";
import type { Job } from "../recording/job/job.ts";
import type { ControlResult, consentAnswer, NoteRequest } from "../session/control.ts";
import type { CallEnd } from "../session/exit.ts";
import type { JobState } from "../session/state.ts";
import { allows } from "../session/verbs.ts";
import { ControlError } from "./api-error.ts";
import { isPaused } from "./job-view.ts";

const IN_CALL: ReadonlySet<JobState["status"]> = new Set(["queued", "joining", "in_call", "recording"]);

/** The job, for monitoring and control. */
export type ControlledJob = Pick<Job, "status" | "end" | "call">;

/** The actions of the verbs. Requesting the current state is allowed and changes nothing. */
export class Verbs {
  readonly #job: ControlledJob;

  constructor(job: ControlledJob) {
    this.#job = job;
  }

  pause(): ControlResult {
    const isSwitched = (state: JobState): boolean => state.status === "recording" && state.paused;
    return this.#switch("paused", isSwitched, "pause");
  }

  resume(): ControlResult {
    const isSwitched = (state: JobState): boolean => state.status === "recording" && !state.paused;
    return this.#switch("resumed", isSwitched, "resume");
  }

  stop(): ControlResult {
    const isSwitched = (state: JobState): boolean => state.status === "in_call" && state.stopped;
    return this.#switch("stopped", isSwitched, "stopRecording");
  }

  /** If the bot has already left, the request is fulfilled, whatever the reason. */
  leave(): ControlResult {
    const end = { exitReason: "leave_requested", detail: "asked to leave the call over HTTP" } as const;
    return this.#result(this.#job.end(end));
  }

  /** @throws ControlError if the job already ends for another reason */
  cancel(): void {
    if (this.#job.end({ exitReason: "cancelled", detail: "the job was deleted over HTTP" })) return;
    const { state, end } = this.#job.status();
    if (end?.exitReason === "cancelled") return;
    throw new ControlError("wrong_state", `the job is ${nowOf(state, end)} already and cannot be cancelled any more`);
  }

  /** @throws ControlError if the bot is in no call, or if Discord does not accept the message */
  async say(text: string): Promise<ControlResult> {
    const { call } = this.#job;
    const state = this.#state;
    if (call === undefined || !allows(state, "message")) {
      throw new ControlError("wrong_state", `the job is ${state.status}; it can write only while it is in the call`);
    }
    const posted = await orRefused(call.sendMessage(text), (why) => {
      return new ControlError("invalid_input", why, [{ path: ["message"], message: why }]);
    });
    return { ...this.#result(true), ...posted };
  }

  /** @throws ControlError if nothing is being recorded */
  async note(note: NoteRequest): Promise<ControlResult> {
    const { call } = this.#job;
    const { state, end } = this.#job.status();
    const offsetMs = await call?.note(note);
    if (offsetMs !== undefined) return { ...this.#result(true), offsetMs };
    const now = isPaused(this.#job.status()) ? "paused" : nowOf(state, end);
    throw new ControlError("wrong_state", `the job is ${now}; a note can be added only to a running recording`);
  }

  /** @throws ControlError if nothing is being recorded, or if Discord does not accept the message */
  async requestPermission(): Promise<ControlResult> {
    const asking = this.#job.call?.requestRecordingPermission();
    const posted = await orRefused(
      asking ?? Promise.resolve(undefined),
      (why) => new ControlError("chat_unavailable", why),
    );
    if (posted !== undefined) return { ...this.#result(true), ...posted };
    throw new ControlError("wrong_state", `the job is ${this.#state.status}; only who is being recorded can be asked`);
  }

  /** @throws ControlError if nothing is being recorded */
  consent({ userId, granted, displayName = userId, givenAt }: z.infer<typeof consentAnswer>): ControlResult {
    const person = { id: userId, username: displayName, displayName, bot: false };
    const changed = this.#job.call?.consent(person, granted, givenAt === undefined ? undefined : Date.parse(givenAt));
    if (changed !== undefined) return this.#result(changed);
    throw new ControlError("wrong_state", `the job is ${this.#state.status}; it takes answers only while it records`);
  }

  get #state(): JobState {
    return this.#job.status().state;
  }

  #switch(
    what: string,
    isSwitched: (state: JobState) => boolean,
    verb: "pause" | "resume" | "stopRecording",
  ): ControlResult {
    const { call } = this.#job;
    const { state, end } = this.#job.status();
    if (isSwitched(state)) return this.#result(false);
    if (call?.[verb]() === true) return this.#result(true);
    throw new ControlError("wrong_state", `the job is ${nowOf(state, end)}; only a running recording can be ${what}`);
  }

  #result(changed: boolean): ControlResult {
    const report = this.#job.status();
    const { jobId } = report;
    return { id: jobId, jobId, status: report.state.status, paused: isPaused(report), changed };
  }
}

/** A call that is about to end may not show that in its state yet. */
function nowOf({ status }: JobState, end: CallEnd | undefined): string {
  return end !== undefined && IN_CALL.has(status) ? "about to leave" : status;
}

/** Returns the posted message, or throws why Discord did not accept it; `refused` explains a rejected message. */
async function orRefused<Posted>(posting: Promise<Posted>, refused: (why: string) => ControlError): Promise<Posted> {
  try {
    return await posting;
  } catch (error) {
    if (!(error instanceof MessageError)) throw error;
    const { reason, message } = error;
    if (reason === "refused") throw refused(message);
    throw new ControlError(reason === "unreachable" ? "discord_unreachable" : "chat_unavailable", message);
  }
}
