import { InputError } from "../../errors.ts";
import { askWorker } from "../api/jobs/ask-worker.ts";
import { ServiceError } from "../api/service-error.ts";
import { endingOf } from "../domain/job-row.ts";
import type { CallWithJob } from "../ports/resident.ts";
import type { Work } from "../ports/work.ts";
import type { ControlAnswer, WorkerControl } from "../ports/workers.ts";

export interface JobActionsOptions {
  readonly work: Pick<Work, "end">;
  readonly control: WorkerControl;
}

const OK = 200;
const ACCEPTED = 202;

/** What people do with a recording, by the functions that the HTTP API has for it. */
export class JobActions {
  readonly #options: JobActionsOptions;

  constructor(options: JobActionsOptions) {
    this.#options = options;
  }

  /** Asks for the end of a recording. @throws InputError if it has ended, or is ending */
  async stop({ call, job }: CallWithJob): Promise<void> {
    const channel = `<#${call.voiceChannelId}>`;
    if (endingOf(job) !== null || job.status === "finalizing") {
      throw new InputError(`The recording in ${channel} is ending already.`);
    }
    const ended = await this.#options.work.end(job.id, "leave");
    if (ended.kind === "refused" || ended.kind === "not_found") {
      throw new InputError(`The recording in ${channel} is over.`);
    }
  }

  /** @param requestId a repeated request with the same id has no further effect */
  async pause(row: CallWithJob, requestId: string): Promise<void> {
    if (row.job.paused) throw new InputError(`The recording in <#${row.call.voiceChannelId}> is paused already.`);
    await this.#ask(row, { path: "/pause-recording", requestId });
  }

  async resume(row: CallWithJob, requestId: string): Promise<void> {
    const { call, job } = row;
    if (job.status === "recording" && !job.paused) {
      throw new InputError(`The recording in <#${call.voiceChannelId}> is not paused.`);
    }
    await this.#ask(row, { path: "/resume-recording", requestId });
  }

  /** @returns the note's place in the recording; null if the worker does not say it */
  async note(
    row: CallWithJob,
    note: { readonly text: string; readonly author: string },
    requestId: string,
  ): Promise<number | null> {
    if (row.job.paused) {
      throw new InputError(
        `The recording in <#${row.call.voiceChannelId}> is paused. Resume it first, because a note belongs to a moment of it.`,
      );
    }
    const answer = await this.#ask(row, { path: "/note", body: note, requestId });
    const { offsetMs }: { offsetMs?: unknown } = JSON.parse(answer.body.toString("utf8"));
    return typeof offsetMs === "number" ? offsetMs : null;
  }

  async #ask(
    { call, job }: CallWithJob,
    { path, body, requestId }: { readonly path: string; readonly body?: object; readonly requestId: string },
  ): Promise<ControlAnswer> {
    const channel = `<#${call.voiceChannelId}>`;
    if (endingOf(job) !== null || job.status === "finalizing") {
      throw new InputError(`The recording in ${channel} is ending.`);
    }
    if (job.status !== "recording") {
      throw new InputError(`The bot does not record in ${channel} yet. Try again in a moment.`);
    }
    try {
      const answer = await askWorker(this.#options.control, job, {
        path,
        ...(body === undefined ? {} : { body }),
        idempotencyKey: requestId,
      });
      if (answer.status === OK || answer.status === ACCEPTED) return answer;
      throw new InputError(`That was not possible: ${messageIn(answer)}.`);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      throw new InputError(`The recording in ${channel} continues, but its worker does not answer now. Try again.`);
    }
  }
}

/** The worker's own sentence. */
function messageIn({ status, body }: ControlAnswer): string {
  try {
    const { message }: { message?: unknown } = JSON.parse(body.toString("utf8"));
    return typeof message === "string" ? message : `the worker answered ${status}`;
  } catch {
    return `the worker answered ${status}`;
  }
}
