import { type DownloadOptions, download } from "./download.ts";
import { MeetbotInputError, MeetbotResponseError } from "./errors.ts";
import { type CallOptions, checkedKey, checkedSettings, type MeetBotOptions } from "./options.ts";
import { type Page, type PageAnswer, pageOf } from "./page.ts";
import { queryOf, Transport } from "./transport.ts";
import type {
  Consumer,
  ControlResult,
  DeletedRecording,
  Delivery,
  DispatchInput,
  Job,
  JobChange,
  JobDetails,
  JobMessage,
  ListDeliveriesQuery,
  ListJobsQuery,
  ListRecordingsQuery,
  NewWebhookSecret,
  Recording,
  RecordingFile,
  RecordingSummary,
  Usage,
  UsageQuery,
} from "./types.ts";
import { type WatchOptions, watch } from "./watch.ts";

const JOBS = "/api/v1/jobs";
const RECORDINGS = "/api/v1/recordings";
type RecordingPage = Recording & { readonly nextCursor: string | null };

/** What every answer of a kind has. Something that is not the service has other JSON. */
const IDENTIFIED = { id: "string" } as const;
const CONTROLLED = { jobId: "string" } as const;
const PAGE = { data: "list" } as const;
const RECORDING = { files: "list" } as const;
const USAGE = { days: "list" } as const;
const CONSUMER = { key: "object" } as const;
const NEW_SECRET = { webhookSecret: "string" } as const;

const OVER: ReadonlySet<string> = new Set(["completed", "failed", "cancelled"]);

/**
 * A client of the job service. Every method throws a `MeetbotError`, or the reason of the signal that ended it. The API
 * key is in no property, error or printed form of it.
 */
export class MeetBot {
  readonly #transport: Transport;

  /** @throws MeetbotInputError that names the option */
  constructor(options: MeetBotOptions = {}) {
    const settings = checkedSettings(options);
    this.#transport = new Transport(checkedKey(options.apiKey), settings, options.fetch ?? globalThis.fetch);
  }

  /** The service's address. */
  get baseUrl(): string {
    return this.#transport.settings.baseUrl;
  }

  /** Records a call, now or at `joinAt`. The same `externalId` answers the job that is there. */
  async dispatchBot(input: DispatchInput, options?: CallOptions): Promise<Job> {
    return await this.#transport.json({ method: "POST", path: JOBS, body: input }, IDENTIFIED, options);
  }

  /** The same as `dispatchBot`. */
  async dispatch(input: DispatchInput, options?: CallOptions): Promise<Job> {
    return await this.dispatchBot(input, options);
  }

  /** A job, and in `live` what its worker says now. @throws MeetbotNotFoundError */
  async getJob(id: string, options?: CallOptions): Promise<JobDetails> {
    return await this.#transport.json({ method: "GET", path: jobPath(id) }, IDENTIFIED, options);
  }

  /** The same as `getJob`. */
  async getBot(id: string, options?: CallOptions): Promise<JobDetails> {
    return await this.getJob(id, options);
  }

  /** The key's jobs, newest first: a page that also iterates over those after it. */
  async listBots(query: ListJobsQuery = {}, options?: CallOptions): Promise<Page<Job>> {
    return await this.#list(JOBS, query, options);
  }

  /** The same as `listBots`. */
  async listJobs(query: ListJobsQuery = {}, options?: CallOptions): Promise<Page<Job>> {
    return await this.listBots(query, options);
  }

  /** Changes a job that waits for its `joinAt`. @throws MeetbotConflictError once it is dispatched */
  async updateJob(id: string, change: JobChange, options?: CallOptions): Promise<Job> {
    return await this.#transport.json({ method: "PATCH", path: jobPath(id), body: change }, IDENTIFIED, options);
  }

  /** Leaves at once and keeps what was recorded. The status is `cancelled` when the worker's end is known. */
  async cancelJob(id: string, options?: CallOptions): Promise<Job> {
    return await this.#transport.json({ method: "DELETE", path: jobPath(id) }, IDENTIFIED, options);
  }

  /** The same as `cancelJob`. */
  async cancelBot(id: string, options?: CallOptions): Promise<Job> {
    return await this.cancelJob(id, options);
  }

  /** Leaves the call and finishes the recording. */
  async leaveBot(id: string, options?: CallOptions): Promise<ControlResult> {
    return await this.#control(id, "leave-call", options);
  }

  /** Pauses the recording; each track declares the gap. */
  async pauseRecording(id: string, options?: CallOptions): Promise<ControlResult> {
    return await this.#control(id, "pause-recording", options);
  }

  /** Resumes a paused recording. */
  async resumeRecording(id: string, options?: CallOptions): Promise<ControlResult> {
    return await this.#control(id, "resume-recording", options);
  }

  /** Stops recording for good. The bot stays in the call until the job ends. */
  async stopRecording(id: string, options?: CallOptions): Promise<ControlResult> {
    return await this.#control(id, "stop-recording", options);
  }

  /** Writes in the job's text channel, or else in the voice channel's own chat. */
  async sendChatMessage(id: string, message: string, options?: CallOptions): Promise<ControlResult> {
    return await this.#control(id, "send-chat-message", options, { message });
  }

  /**
   * Notes something about this moment of the recording. The answer has the moment as `offsetMs`.
   *
   * @param author the name of who wrote it, for the report
   */
  async addNote(id: string, text: string, author?: string, options?: CallOptions): Promise<ControlResult> {
    return await this.#control(id, "note", options, { text, ...(author === undefined ? {} : { author }) });
  }

  /** Asks the people in the call whether they may be recorded. Each answer is a job event. */
  async requestRecordingPermission(id: string, options?: CallOptions): Promise<ControlResult> {
    return await this.#control(id, "request-recording-permission", options);
  }

  /**
   * What happens to a job and in its call, from the start on, until nothing can follow: job events, session events, and
   * in a call `job.live`, which is what the worker says. After a lost connection it continues with the next event.
   */
  watchJob(id: string, options: WatchOptions = {}): AsyncGenerator<JobMessage> {
    const { signal } = options;
    const isOver = async (): Promise<boolean> => OVER.has((await this.getJob(id, { signal })).status);
    return watch(this.#transport, `${jobPath(id)}/events`, isOver, options);
  }

  /** A job's webhooks, and each attempt to deliver them. */
  async listDeliveries(id: string, query: ListDeliveriesQuery = {}, options?: CallOptions): Promise<Page<Delivery>> {
    return await this.#list(`${jobPath(id)}/deliveries`, query, options);
  }

  /** Sends a webhook again, with the same `deliveryId`. */
  async resendDelivery(id: string, deliveryId: string, options?: CallOptions): Promise<Delivery> {
    const path = `${jobPath(id)}/deliveries/${checkedId("deliveryId", deliveryId)}/resend`;
    return await this.#transport.json({ method: "POST", path }, IDENTIFIED, options);
  }

  /** Stored recordings, newest first. */
  async listRecordings(query: ListRecordingsQuery = {}, options?: CallOptions): Promise<Page<RecordingSummary>> {
    return await this.#list(RECORDINGS, query, options);
  }

  /** A job's recording: its manifest, and an address for every file. @throws MeetbotNotFoundError */
  async getRecording(id: string, options?: CallOptions): Promise<Recording> {
    const load = async (cursor?: string): Promise<RecordingPage> =>
      await this.#transport.json(
        { method: "GET", path: `${recordingPath(id)}${queryOf({ cursor })}` },
        RECORDING,
        options,
      );
    const { nextCursor: first, ...recording } = await load();
    const files = [...recording.files];
    for (let cursor = first; cursor !== null; ) {
      const { files: more, nextCursor } = await load(cursor);
      if (nextCursor === cursor) throw new MeetbotResponseError(200, "the service answered with the same page again");
      files.push(...more);
      cursor = nextCursor;
    }
    return { ...recording, files };
  }

  /**
   * A file of a recording, as `getRecording` lists it. After a lost connection the rest is fetched. The end throws
   * `MeetbotChecksumError` if the bytes are not those that were recorded.
   */
  downloadFile(id: string, file: RecordingFile, options: DownloadOptions = {}): AsyncGenerator<Uint8Array> {
    const path = recordingPath(id);
    const addressOf = async (isExpired: boolean): Promise<string> => {
      // The service is asked where this client reaches it, which may not be where it believes to be.
      if (file.urlExpiresAt === null) return `${path}/files/${encodeURIComponent(file.name)}`;
      if (!isExpired) return file.url;
      const { files } = await this.getRecording(id, { signal: options.signal });
      const again = files.find(({ name }) => name === file.name);
      if (again === undefined) throw new MeetbotResponseError(200, `the recording has no file ${file.name} any more`);
      return again.url;
    };
    return download(this.#transport, file, addressOf, options);
  }

  /** A page of the recording to read and listen to, as HTML. It may be large. */
  async getReport(id: string, options?: CallOptions): Promise<string> {
    return await this.#transport.text({ method: "GET", path: `${recordingPath(id)}/report` }, "text/html", options);
  }

  /** Deletes every file of a recording. */
  async deleteRecording(id: string, options?: CallOptions): Promise<DeletedRecording> {
    return await this.#transport.json({ method: "DELETE", path: recordingPath(id) }, IDENTIFIED, options);
  }

  /** Recorded seconds by day and job; of the last 30 days by default. */
  async getUsage(query: UsageQuery = {}, options?: CallOptions): Promise<Usage> {
    return await this.#transport.json({ method: "GET", path: `/api/v1/usage${queryOf({ ...query })}` }, USAGE, options);
  }

  /** Whose key it is, and its limits. */
  async getConsumer(options?: CallOptions): Promise<Consumer> {
    return await this.#transport.json({ method: "GET", path: "/api/v1/consumer" }, CONSUMER, options);
  }

  /**
   * Gives this key a new webhook secret, which is shown only now. The one before is valid too until
   * `previousValidUntil`. It is asked for once: a retry after a lost answer would be refused.
   */
  async rotateWebhookSecret(change: { overlapHours?: number } = {}, options?: CallOptions): Promise<NewWebhookSecret> {
    const path = "/api/v1/consumer/webhook-secret";
    return await this.#transport.json({ method: "POST", path, body: change }, NEW_SECRET, {
      ...options,
      maxRetries: 0,
    });
  }

  async #control(id: string, verb: string, options?: CallOptions, body?: object): Promise<ControlResult> {
    const path = `${jobPath(id)}/${verb}`;
    const request = { method: "POST", path, ...(body === undefined ? {} : { body }) } as const;
    return await this.#transport.json(request, CONTROLLED, options);
  }

  async #list<Item>(path: string, query: object, options?: CallOptions): Promise<Page<Item>> {
    const load = async (cursor?: string): Promise<PageAnswer<Item>> => {
      const asked = cursor === undefined ? { ...query } : { ...query, cursor };
      return await this.#transport.json({ method: "GET", path: `${path}${queryOf(asked)}` }, PAGE, options);
    };
    return pageOf(await load(), load);
  }
}

/** The same as `new MeetBot(options)`. @throws MeetbotInputError that names the option */
export function createMeetbot(options: MeetBotOptions = {}): MeetBot {
  return new MeetBot(options);
}

function jobPath(id: string): string {
  return `${JOBS}/${checkedId("id", id)}`;
}

function recordingPath(id: string): string {
  return `${RECORDINGS}/${checkedId("id", id)}`;
}

/** Anything else would be another address: `""` is the list, and `..` goes up. */
function checkedId(name: string, id: string): string {
  if (typeof id === "string" && /^(?!\.{1,2}$)[\w.:@=+-]{1,128}$/.test(id)) return encodeURIComponent(id);
  throw new MeetbotInputError(`${name}: expected an id of 1 to 128 letters, digits and any of . _ : @ = + -`);
}
