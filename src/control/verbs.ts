import { MessageError } from "../errors.ts";
import type { CallControls } from "../recording/job/controls.ts";
import type { JobStatusReport } from "../recording/job/status.ts";
import type { CallEnd } from "../session/exit.ts";
import type { JobState } from "../session/state.ts";
import { ApiError } from "./api-error.ts";
import { isPaused } from "./job-view.ts";
import type { ControlResult } from "./operations.ts";

/** The job, for those who watch and control it. */
export interface ControlledJob {
  status(): JobStatusReport;
  /** Asks for the end of the call; the first reason given stands. */
  end(end: CallEnd): void;
  /** Undefined where the call is over already and only its files are finished. */
  readonly call: CallControls | undefined;
}

/** What the verbs do. Asking for what is so already is fine, and changes nothing. */
export class Verbs {
  readonly #job: ControlledJob;
  /** Why the call ends, where it was asked to from here. */
  #asked: CallEnd["exitReason"] | undefined;

  constructor(job: ControlledJob) {
    this.#job = job;
  }

  pause(): ControlResult {
    const isSo = (state: JobState): boolean => state.status === "recording" && state.paused;
    return this.#switch("paused", isSo, (call) => call.pause());
  }

  resume(): ControlResult {
    const isSo = (state: JobState): boolean => state.status === "recording" && !state.paused;
    return this.#switch("resumed", isSo, (call) => call.resume());
  }

  stop(): ControlResult {
    const isSo = (state: JobState): boolean => state.status === "in_call" && state.stopped;
    return this.#switch("stopped", isSo, (call) => call.stopRecording());
  }

  /** Whoever finds the bot gone has got what they asked for, whatever the reason. */
  leave(): ControlResult {
    return this.#result(this.#end({ exitReason: "leave_requested", detail: "asked to leave the call over HTTP" }));
  }

  /** @throws ApiError where the job ends for another reason already */
  cancel(): void {
    if (this.#end({ exitReason: "cancelled", detail: "the job was deleted over HTTP" })) return;
    if ((this.#asked ?? this.#reason) === "cancelled") return;
    throw new ApiError("wrong_state", `the job is ${this.#state.status} already and cannot be cancelled any more`);
  }

  /** @throws ApiError where the bot is in no call, or Discord does not take the message */
  async say(text: string): Promise<ControlResult> {
    const { call } = this.#job;
    const { status } = this.#state;
    if (call === undefined || (status !== "recording" && status !== "in_call")) {
      throw new ApiError("wrong_state", `the job is ${status}; it can write only while it is in the call`);
    }
    const posted = await orRefused(call.sendMessage(text), (why) => {
      return new ApiError("invalid_input", why, [{ path: ["message"], message: why }]);
    });
    return { ...this.#result(true), ...posted };
  }

  /** @throws ApiError where nothing is recorded, or Discord does not take the message */
  async requestPermission(): Promise<ControlResult> {
    const asking = this.#job.call?.requestRecordingPermission();
    const posted = await orRefused(
      asking ?? Promise.resolve(undefined),
      (why) => new ApiError("chat_unavailable", why),
    );
    if (posted !== undefined) return { ...this.#result(true), ...posted };
    throw new ApiError("wrong_state", `the job is ${this.#state.status}; only who is being recorded can be asked`);
  }

  get #state(): JobState {
    return this.#job.status().state;
  }

  get #reason(): CallEnd["exitReason"] | undefined {
    const state = this.#state;
    return "end" in state ? state.end?.exitReason : undefined;
  }

  #switch(what: string, isSo: (state: JobState) => boolean, act: (call: CallControls) => boolean): ControlResult {
    const { call } = this.#job;
    const { status } = this.#state;
    if (isSo(this.#state)) return this.#result(false);
    if (call !== undefined && this.#asked === undefined && act(call)) return this.#result(true);
    const now = this.#asked === undefined ? status : "about to leave";
    throw new ApiError("wrong_state", `the job is ${now}; only a recording that goes on can be ${what}`);
  }

  /** @returns whether it was this request that ends the call */
  #end(end: CallEnd): boolean {
    const { status } = this.#state;
    const isOn = status === "joining" || status === "in_call" || status === "recording" || status === "queued";
    if (this.#job.call === undefined || !isOn || this.#asked !== undefined) return false;
    this.#asked = end.exitReason;
    this.#job.end(end);
    return true;
  }

  #result(changed: boolean): ControlResult {
    const report = this.#job.status();
    const { jobId } = report;
    return { id: jobId, jobId, status: report.state.status, paused: isPaused(report), changed };
  }
}

/** What is posted, or why Discord did not take it; `refused` says what it means that it does not like the message. */
async function orRefused<Posted>(posting: Promise<Posted>, refused: (why: string) => ApiError): Promise<Posted> {
  try {
    return await posting;
  } catch (error) {
    if (!(error instanceof MessageError)) throw error;
    const { reason, message } = error;
    if (reason === "refused") throw refused(message);
    throw new ApiError(reason === "unreachable" ? "discord_unreachable" : "chat_unavailable", message);
  }
}
