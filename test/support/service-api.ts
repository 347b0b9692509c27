import { createHash, randomBytes } from "node:crypto";
import { Readable, Writable } from "node:stream";
import { onTestFinished } from "vitest";
import { createLog, Redactor } from "../../src/pino-log.ts";
import type { RateLimit } from "../../src/service/api/keys/rate-limit.ts";
import { startServiceServer } from "../../src/service/api/server.ts";
import { hashOfKey } from "../../src/service/domain/key-format.ts";
import { makeKey } from "../../src/service/make-key.ts";
import type { PageAssets } from "../../src/service/page/page-document.ts";
import type { ReadDocument } from "../../src/service/page/serve-documents.ts";
import type { Downloads } from "../../src/service/ports/downloads.ts";
import type { KeyRow } from "../../src/service/ports/keys.ts";
import type { Recordings, SessionEvents, StoredRecording } from "../../src/service/ports/recordings.ts";
import type { ResidentState } from "../../src/service/ports/resident-state.ts";
import type { Sealer, Store } from "../../src/service/ports/store.ts";
import type { Work, WorkHealth } from "../../src/service/ports/work.ts";
import { type ControlAnswer, type ControlRequest, WorkerUnreachableError } from "../../src/service/ports/workers.ts";
import { SharedLinks } from "../../src/service/shared-link/shared-links.ts";
import { linkKeys } from "../../src/service/shared-link/token.ts";
import { openSqliteStore } from "../../src/service/store/sql-store.ts";

export const TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GaBcDe.abcdefghijklmnopqrstuvwxyz0123456789AB";
export const GUILD = "123456789012345678";
export const CHANNEL = "223456789012345678";

/** The body of a live job. */
export const LIVE_JOB = { meetingUrl: `discord://${GUILD}/${CHANNEL}`, discord: { botToken: TOKEN } };

export interface Answer {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect
  readonly json: any;
}

export interface AskOptions {
  /** Another key instead of the live one, or none. */
  readonly key?: string | undefined;
  /** Sent as JSON; a text is sent unchanged. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A simple sealer: the text is not readable as it is, and opens only for its purpose. */
const sealer: Sealer = {
  seal: (text, purpose) => `sealed ${Buffer.from(`${purpose}\n${text}`).toString("hex")}`,
  open: (sealed, purpose) => {
    const [for_, ...text] = Buffer.from(sealed.replace("sealed ", ""), "hex").toString("utf8").split("\n");
    if (for_ !== purpose) throw new Error(`sealed for ${for_}`);
    return text.join("\n");
  },
};

/** The worker's answers to control requests. By default no worker runs. */
export type FakeWorker = (request: ControlRequest) => Promise<ControlAnswer>;

export const awayWorker: FakeWorker = async () => {
  throw new WorkerUnreachableError("nobody listens");
};

export interface ServiceOptions {
  readonly key?: Partial<Pick<KeyRow, "maxConcurrent" | "role" | "storageUri">>;
  /** Wraps the store, to make it fail. */
  readonly wrapStore?: (store: Store) => Store;
  /** Replaces the storage, which by default the test fills. */
  readonly recordings?: Recordings;
  /** Instead of the lines that the test sets. */
  readonly sessionEvents?: SessionEvents;
  readonly webhookProblem?: (url: string) => string | undefined;
  readonly rates?: RateLimit;
  readonly retentionMs?: number;
  /** Without them there is no page. */
  readonly page?: PageAssets;
  readonly publicUrl?: string;
  /** The bot that answers commands in Discord. Without it there is none. */
  readonly resident?: ResidentState;
  /** Without it no documents are served. */
  readonly readDocument?: ReadDocument;
  /** Serves links to recordings, with these downloads. */
  readonly downloads?: Downloads;
  /** The keys of links, newest first. */
  readonly linkKeys?: readonly Buffer[];
}

/** The API with a real database in memory. Scheduler, workers and storage are the test's. */
export async function serviceApi(options: ServiceOptions = {}) {
  const inner = await openSqliteStore(":memory:");
  const store = options.wrapStore?.(inner) ?? inner;
  const clock = { now: () => Date.now() };
  const state = {
    worker: awayWorker,
    sent: [] as ControlRequest[],
    woken: 0,
    disk: { databaseBytes: 4_096, freeBytes: 50e9 },
    health: {
      ...{ lastTickAt: Date.now(), maxWorkers: 4, workers: 0, waiting: 0 },
      ...{ silent: 0, lookingSince: null },
    } as WorkHealth,
    sessionLines: new Map<string, string>(),
    recordings: new Map<string, { readonly recording: StoredRecording; readonly bytes: Map<string, Buffer> }>(),
  };
  let logged = "";
  const destination = new Writable({
    write: (chunk, _encoding, done) => {
      logged += String(chunk);
      done();
    },
  });
  const log = createLog({ level: "trace", redactor: new Redactor([]), destination });
  const random = (bytes: number): Uint8Array => randomBytes(bytes);
  const means = { clock, sealer, random };
  await inner.addConsumer({ id: "con_1", name: "Ada's school", createdAt: 1 });
  const addKey = async (mode: "live" | "test", more: ServiceOptions["key"] = {}) => {
    const made = makeKey(
      { consumerId: "con_1", mode, role: "customer", name: "a key", maxConcurrent: 100, storageUri: null, ...more },
      means,
    );
    await inner.addKey(made.row);
    return made;
  };
  const live = await addKey("live", options.key);
  const test = await addKey("test", options.key);

  const work: Work = {
    wake: () => {
      state.woken += 1;
    },
    end: async (jobId, how) => {
      const applied = await store.applyJobEvent(jobId, { type: "end_asked", at: clock.now(), how });
      if (applied.kind === "not_found") return applied;
      if (applied.kind !== "applied") return { kind: "refused", job: applied.job };
      const { job } = applied;
      return job.status === "cancelled" ? { kind: "over", job } : { kind: "asked", job, answer: undefined };
    },
    ingest: (token, envelope) => store.ingest(hashOfKey(token), envelope, clock.now()),
    health: () => state.health,
  };
  const recordings: Recordings = options.recordings ?? {
    open: async (job) => state.recordings.get(job.id)?.recording,
    read: async (job, file, range) => {
      const bytes = state.recordings.get(job.id)?.bytes.get(file.name) ?? Buffer.alloc(0);
      return Readable.from([range === undefined ? bytes : bytes.subarray(range.first, range.last + 1)]);
    },
    file: async (job, name) => state.recordings.get(job.id)?.recording.files.find((file) => file.name === name),
    presign: async () => undefined,
    remove: async (job) => {
      const { size } = state.recordings.get(job.id)?.bytes ?? new Map();
      state.recordings.delete(job.id);
      return size;
    },
    report: async (job) => {
      const page = Buffer.from("<!doctype html>");
      return state.recordings.has(job.id) ? { page: Readable.from([page]), bytes: page.length } : undefined;
    },
  };
  const publicUrl = () => options.publicUrl ?? "http://127.0.0.1";
  const keys = options.linkKeys ?? linkKeys([randomBytes(32)]);
  const links = new SharedLinks({ store, keys, clock, random, publicUrl });
  const server = await startServiceServer({
    ...{ store, work, recordings, sealer, clock, log, random },
    sessionEvents: options.sessionEvents ?? {
      read: async ({ id }, first, maxBytes) =>
        Buffer.from(state.sessionLines.get(id) ?? "").subarray(first, first + maxBytes),
    },
    control: {
      send: async (_job, request) => {
        state.sent.push(request);
        return await state.worker(request);
      },
    },
    fixtures: [
      { name: "standup", guildId: "323456789012345678", channelId: "423456789012345678", textChannelId: null },
    ],
    webhookProblem: options.webhookProblem ?? (() => undefined),
    retentionMs: options.retentionMs ?? null,
    resident: options.resident && { state: () => options.resident ?? { kind: "connected", shards: 1 } },
    disk: async () => state.disk,
    publicUrl,
    page: options.page,
    shared: options.downloads && { page: { script: "", style: "" }, links, downloads: options.downloads },
    ...{ host: "127.0.0.1", port: 0, allowedHosts: [] },
    ...(options.rates === undefined ? {} : { rates: options.rates }),
    ...(options.readDocument === undefined ? {} : { readDocument: options.readDocument }),
  });
  onTestFinished(async () => {
    await server.close();
    await inner.close();
  });

  const ask = async (method: string, path: string, asked: AskOptions = {}): Promise<Answer> => {
    const key = "key" in asked ? asked.key : live.key;
    const { body } = asked;
    const response = await fetch(`${server.address}${path}`, {
      method,
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...asked.headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
    const { status, headers } = response;
    return { method, path, status, headers, text, json: isJson ? JSON.parse(text) : undefined };
  };
  const create = (body: object = {}, asked: AskOptions = {}) =>
    ask("POST", "/api/v1/jobs", { body: { ...LIVE_JOB, ...body }, ...asked });

  /** Lets a job's worker start, as the scheduler and the launcher do. @returns the worker's ingest token */
  const launch = async (jobId: string): Promise<string> => {
    const ingestToken = randomBytes(16).toString("hex");
    const claim = { at: clock.now(), task: "record", controlTokenSealed: sealer.seal("control", "a test") } as const;
    const job = await inner.claim(jobId, { ...claim, ingestTokenHash: hashOfKey(ingestToken) });
    if (job === undefined) throw new Error(`${jobId} cannot be started`);
    await inner.applyJobEvent(jobId, { type: "launched", at: clock.now(), attempt: job.attempt, worker: "{}" });
    return ingestToken;
  };
  return {
    ...{ ask, create, launch, addKey, links, store: inner, state, live, test, address: server.address },
    logged: () => logged,
  };
}

let reports = 0;

/** A worker's `job.status_changed` event in its envelope. */
export function statusReport(jobId: string, status: string, previousStatus: string, more: object = {}) {
  reports += 1;
  const id = createHash("sha256")
    .update(`${jobId} ${reports}`)
    .digest("hex")
    .replaceAll(/[^0-9]/g, "1")
    .slice(0, 26);
  return envelopeOf(`dlv_${id}`, {
    ...{ event: "job.status_changed", jobId, externalId: null, status, previousStatus, paused: false },
    metadata: { discord: { guildId: GUILD, channelId: CHANNEL, textChannelId: null } },
    ...more,
  });
}

export function envelopeOf(deliveryId: string, data: { readonly event: string; readonly [field: string]: unknown }) {
  return { deliveryId, event: data.event, emittedAt: new Date().toISOString(), attempt: 1, version: 2, data };
}
