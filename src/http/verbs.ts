import { MessageError } from "../errors.ts";
import type { CallControls } from "../recording/controls.ts";
import type { JobStatusReport } from "../recording/status.ts";
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
    try {
      return { ...this.#result(true), ...(await call.sendMessage(text)) };
    } catch (error) {
      throw error instanceof MessageError ? refusalOf(error) : error;
    }
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

function refusalOf(error: MessageError): ApiError {
  switch (error.reason) {
    case "missing_permissions":
    case "unknown_channel":
      return new ApiError("chat_unavailable", error.message);
    case "refused":
      return new ApiError("invalid_input", error.message, [{ path: ["message"], message: error.message }]);
    case "unreachable":
      return new ApiError("discord_unreachable", error.message);
  }
}
