import { InputError, isSystemError } from "../../../errors.ts";
import { readUserFile } from "../../../own-files.ts";
import type { ControlResult, DispatchInput, Job, JobStatus, MeetBot } from "../../../sdk/index.ts";
import { clientOf } from "../../client/environment.ts";
import { followJob } from "../../client/follow-job.ts";
import { endWith } from "../../client/outcome.ts";
import { factLines, type OutputOptions, printList, printRecord } from "../../client/output.ts";

/** The work of `bot`. */

const MAX_REQUEST_BYTES = 64 * 1024;
const MAX_PAGE = 100;

export interface DispatchOptions extends OutputOptions {
  readonly externalId?: string;
  readonly textChannel?: string;
  readonly joinAt?: string;
  readonly onFinalize?: string;
  readonly onStatus?: string;
  readonly request?: string;
  readonly watch?: boolean;
}

export async function dispatch(channel: string | undefined, options: DispatchOptions): Promise<void> {
  await endWith(async () => {
    const { meetbot, isTestKey } = await clientOf(process.env);
    const job = await meetbot.dispatchBot(await requestOf(channel, options, isTestKey));
    printJob(job, options);
    return options.watch === true ? await followJob(meetbot, job.id, options) : undefined;
  });
}

async function requestOf(
  channel: string | undefined,
  options: DispatchOptions,
  isTestKey: boolean,
): Promise<DispatchInput> {
  const { externalId, textChannel: textChannelId, joinAt, onFinalize, onStatus } = options;
  const file = options.request === undefined ? {} : await requestFile(options.request);
  const botToken = isTestKey ? undefined : process.env.DISCORD_BOT_TOKEN?.trim();
  if (botToken === undefined && !isTestKey) {
    throw new InputError("DISCORD_BOT_TOKEN: missing, expected the token of the bot that joins the call");
  }
  const discord = { ...file.discord, ...given({ botToken, textChannelId }) };
  const webhooks = { ...file.webhooks, ...given({ onFinalize, onStatus }) };
  return {
    ...file,
    ...given({ meetingUrl: channel, externalId, joinAt }),
    ...(Object.keys(discord).length === 0 ? {} : { discord }),
    ...(Object.keys(webhooks).length === 0 ? {} : { webhooks }),
  };
}

async function requestFile(path: string): Promise<DispatchInput> {
  const bytes = await readUserFile(path, MAX_REQUEST_BYTES).catch((error: unknown) => {
    if (!isSystemError(error)) throw error;
    throw new InputError(`--request: ${path} cannot be read: ${error.message}`, { cause: error });
  });
  const request = parsedFile(path, bytes.toString("utf8"));
  if (!isObject(request)) throw new InputError(`--request: ${path}: expected a JSON object with fields of the request`);
  for (const name of ["discord", "webhooks"] as const) {
    // Options add fields to these two.
    if (request[name] === undefined || isObject(request[name])) continue;
    throw new InputError(`--request: ${path}: ${name}: expected a JSON object`);
  }
  // The service checks the other fields.
  return request as DispatchInput;
}

function parsedFile(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(`--request: ${path}: not valid JSON, expected an object with fields of the request`, {
      cause: error,
    });
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function given<Fields extends object>(fields: Fields): Partial<Fields> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<Fields>;
}

export async function get(id: string, options: OutputOptions): Promise<void> {
  await endWith(async () => {
    const { meetbot } = await clientOf(process.env);
    const job = await meetbot.getJob(id);
    const present = job.live?.participants
      .filter(({ present: isHere }) => isHere)
      .map(({ displayName }) => displayName);
    printRecord(job, `${jobText(job)}${present === undefined ? "" : `\nin the call: ${present.join(", ")}`}`, options);
    return undefined;
  });
}

export interface ListOptions extends OutputOptions {
  readonly status?: string;
  readonly externalId?: string;
  readonly limit: string;
}

export async function list({ status, externalId, limit, ...output }: ListOptions): Promise<void> {
  await endWith(async () => {
    const { meetbot } = await clientOf(process.env);
    const count = wholeNumber("--limit", limit);
    // The service says which states there are, if this is not one.
    const query = {
      ...given({ status: status as JobStatus | undefined, externalId }),
      limit: Math.min(count, MAX_PAGE),
    };
    const jobs: Job[] = [];
    for await (const job of await meetbot.listBots(query)) {
      jobs.push(job);
      if (jobs.length >= count) break;
    }
    printList(
      jobs,
      ["id", "status", "your id", "when"],
      (job) => [job.id, job.status, job.externalId ?? "", job.joinAt],
      output,
    );
    return undefined;
  });
}

export async function watch(id: string, options: OutputOptions): Promise<void> {
  await endWith(async () => {
    const { meetbot } = await clientOf(process.env);
    return await followJob(meetbot, id, options);
  });
}

const VERBS = {
  leave: "leaveBot",
  pause: "pauseRecording",
  resume: "resumeRecording",
  stop: "stopRecording",
} as const satisfies Readonly<Record<string, keyof MeetBot>>;

export async function control(name: keyof typeof VERBS | "cancel", id: string, options: OutputOptions): Promise<void> {
  await endWith(async () => {
    const { meetbot } = await clientOf(process.env);
    if (name === "cancel") printJob(await meetbot.cancelJob(id), options);
    else printResult(await meetbot[VERBS[name]](id), options);
    return undefined;
  });
}

export async function chat(id: string, message: string, options: OutputOptions): Promise<void> {
  await endWith(async () => {
    const { meetbot } = await clientOf(process.env);
    printResult(await meetbot.sendChatMessage(id, message), options);
    return undefined;
  });
}

function printResult(result: ControlResult, options: OutputOptions): void {
  const { jobId, status, paused, changed } = result;
  const note = changed ? "" : " (as before)";
  printRecord(result, `${jobId}  ${status}${paused ? ", paused" : ""}${note}`, options);
}

function printJob(job: Job, options: OutputOptions): void {
  printRecord(job, jobText(job), options);
}

function jobText(job: Job): string {
  const { id, status, externalId, meetingUrl, joinAt, ending, paused, durationSeconds } = job;
  const { exitReason, exitDetail, failure_code, failure_detail, manifestUri, warnings } = job;
  const facts = factLines({
    ...{ "your id": externalId, channel: meetingUrl, when: joinAt, "is ending": ending },
    ...{ paused: paused || null, seconds: durationSeconds, ended: exitReason, detail: exitDetail },
    ...{ failure: failure_code, why: failure_detail, manifest: manifestUri },
    warning: warnings.join("; "),
  });
  return `${id}  ${status}\n${facts}`;
}

function wholeNumber(option: string, text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InputError(`${option}: expected a whole number from 1 to 999999`);
}
