import type { Issue } from "../../../http/api-error.ts";
import { channelPlace, type Place } from "../../../settings/channel-address.ts";
import type { KeyMode, LatePolicy, Webhooks } from "../../domain/job-row.ts";
import { botIdOf, hashOfKey } from "../../domain/key-format.ts";
import { DEFAULT_LATE_WINDOW_MS, missedFrom } from "../../domain/late.ts";
import { sealPurpose } from "../../domain/seal-purpose.ts";
import { type RecordingRequest, workerSettings } from "../../domain/worker-settings.ts";
import type { NewJob } from "../../ports/jobs.ts";
import type { KeyRow } from "../../ports/keys.ts";
import type { Sealer } from "../../ports/store.ts";
import type { JobChangeRequest, JobRequest } from "../schemas/job-request.ts";
import { invalidInput } from "../service-error.ts";

/** A checked request for a job: the fields of its row. */

const YEAR_MS = 366 * 86_400_000;

/** A fixture that sandbox jobs can play, and the channel of its call. */
export interface SandboxFixture extends Place {
  readonly name: string;
  readonly textChannelId: string | null;
}

export interface AcceptOptions {
  readonly jobId: string;
  readonly key: KeyRow;
  readonly now: number;
  readonly sealer: Sealer;
  readonly fixtures: readonly SandboxFixture[];
  /** @returns why an address cannot be a webhook's; undefined if it can */
  readonly webhookProblem: (url: string) => string | undefined;
  readonly retentionMs: number | null;
}

/** The fields of a request that the job's row keeps as JSON, to show them again. */
export type KeptRequest = Pick<JobRequest, "displayName" | "metadata" | "autoLeave" | "leaveBehavior" | "recording"> & {
  readonly sandbox?: string;
};

/** @throws ServiceError that names each field that is wrong */
export function acceptJob(request: JobRequest, options: AcceptOptions): NewJob {
  const { jobId, key, now, sealer } = options;
  const issues: Issue[] = [];
  const call = callOf(request, options, issues);
  const timing = timingOf(request, { joinAt: null, late: "join", lateWindowMs: DEFAULT_LATE_WINDOW_MS }, now, issues);
  const settings = settingsOf(request, issues);
  const hooks = webhooksOf(request, options, issues);
  const token = request.discord?.botToken;
  if (token !== undefined) issues.push(...strayTokens(request, token));
  if (call === undefined || settings === undefined || issues.length > 0) throw invalidInput(issues);
  const { displayName, metadata, autoLeave, leaveBehavior, recording } = request;
  const sandbox = key.mode === "test" ? { sandbox: call.fixture } : {};
  const kept = { displayName, metadata, autoLeave, leaveBehavior, recording, ...sandbox };
  return {
    ...{ id: jobId, consumerId: key.consumerId, mode: key.mode, keyId: key.id },
    externalId: request.externalId ?? null,
    requestJson: JSON.stringify(kept),
    settingsJson: JSON.stringify(settings),
    ...{ guildId: call.guildId, channelId: call.channelId },
    textChannelId: call.textChannelId,
    botId: botOf(key.mode, jobId, token),
    tokenSealed: sealer.seal(token ?? "", sealPurpose.botToken(jobId)),
    webhooksSealed: hooks === null ? null : sealer.seal(JSON.stringify(hooks), sealPurpose.webhooks(jobId)),
    hasStatusHook: hooks?.onStatus !== undefined,
    hasFinalizeHook: hooks?.onFinalize !== undefined,
    sharesHook: hooks?.onStatus !== undefined && hooks.onStatus === hooks.onFinalize,
    storageUri: key.storageUri,
    ...timing,
    warningsJson: JSON.stringify(warningsOf(request, key.mode)),
    retentionUntil: options.retentionMs === null ? null : (timing.joinAt ?? now) + options.retentionMs,
  };
}

/** The changes that a `PATCH` asks for. @throws ServiceError that names each field that is wrong */
export function acceptChange(
  request: JobChangeRequest,
  job: {
    readonly requestJson: string;
    readonly joinAt: number;
    readonly late: LatePolicy;
    readonly lateWindowMs: number;
    readonly retentionUntil: number | null;
  },
  now: number,
) {
  const issues: Issue[] = [];
  const { joinAt, late, lateWindowMs } = timingOf(request, job, now, issues);
  const kept: KeptRequest = JSON.parse(job.requestJson);
  const { metadata, autoLeave, leaveBehavior, recording } = request;
  const changed = Object.entries({ metadata, autoLeave, leaveBehavior, recording });
  const next: KeptRequest = { ...kept, ...Object.fromEntries(changed.filter(([, value]) => value !== undefined)) };
  const settings = settingsOf(next, issues);
  if (settings === undefined || issues.length > 0) throw invalidInput(issues);
  return {
    ...{ requestJson: JSON.stringify(next), settingsJson: JSON.stringify(settings), late, lateWindowMs },
    ...(joinAt === null ? {} : { joinAt, ...keptAsLong(job, joinAt) }),
  };
}

/** The recording's time is counted from when the call is joined. */
function keptAsLong(job: { readonly joinAt: number; readonly retentionUntil: number | null }, joinAt: number) {
  return job.retentionUntil === null ? {} : { retentionUntil: joinAt + job.retentionUntil - job.joinAt };
}

/** Finds the server and channel. A sandbox job has those of its fixture. */
function callOf(
  { meetingUrl, url, discord, sandbox }: JobRequest,
  { key, fixtures }: AcceptOptions,
  issues: Issue[],
): (Place & { readonly textChannelId: string | null; readonly fixture?: string }) | undefined {
  const field = meetingUrl === undefined ? "url" : "meetingUrl";
  if (meetingUrl !== undefined && url !== undefined && meetingUrl !== url) {
    issues.push({ path: ["url"], message: "expected the same as meetingUrl, or only one of them" });
  }
  const address = meetingUrl ?? url;
  const named = address === undefined ? undefined : channelPlace(address);
  for (const id of ["guildId", "channelId"] as const) {
    const given = discord?.[id];
    if (named === undefined || given === undefined || given === named[id]) continue;
    issues.push({ path: ["discord", id], message: `expected the same as in ${field}, or only one of them` });
  }
  if (key.mode === "test") return fixtureOf(sandbox?.fixture, fixtures, issues);
  if (sandbox !== undefined) {
    issues.push({ path: ["sandbox"], message: "expected only with a test key (mb_test_…)" });
  }
  if (discord?.botToken === undefined) {
    issues.push({ path: ["discord", "botToken"], message: "expected the token of the bot that joins the call" });
  }
  const { guildId = named?.guildId, channelId = named?.channelId } = discord ?? {};
  if (guildId !== undefined && channelId !== undefined) {
    return { guildId, channelId, textChannelId: discord?.textChannelId ?? null };
  }
  issues.push({
    path: ["meetingUrl"],
    message: "expected discord://GUILD_ID/CHANNEL_ID, or discord.guildId and discord.channelId; both ids are numbers",
  });
  return undefined;
}

function fixtureOf(name: string | undefined, fixtures: readonly SandboxFixture[], issues: Issue[]) {
  const fixture = fixtures.find((candidate) => candidate.name === (name ?? fixtures[0]?.name));
  if (fixture !== undefined) {
    const { name: fixtureName, ...call } = fixture;
    return { ...call, fixture: fixtureName };
  }
  const known = fixtures.map((candidate) => candidate.name);
  issues.push({
    path: ["sandbox", "fixture"],
    message:
      known.length === 0
        ? "this service has no recorded calls to play; its operator can set MEETBOT_SERVICE_FIXTURES_DIR"
        : `expected one of ${known.join(", ")}`,
  });
  return undefined;
}

interface Timing {
  /** Epoch milliseconds; null to join at once. */
  readonly joinAt: number | null;
  readonly late: LatePolicy;
  readonly lateWindowMs: number;
}

function timingOf(
  request: Pick<JobRequest, "joinAt" | "late" | "lateWindowSeconds">,
  before: Timing,
  now: number,
  issues: Issue[],
): Timing {
  const { late = before.late, lateWindowSeconds } = request;
  const lateWindowMs = lateWindowSeconds === undefined ? before.lateWindowMs : lateWindowSeconds * 1_000;
  const joinAt = request.joinAt === undefined ? null : Date.parse(request.joinAt);
  if (joinAt !== null && joinAt > now + YEAR_MS) {
    issues.push({ path: ["joinAt"], message: "expected a time within the next 366 days" });
  }
  if (joinAt !== null && missedFrom({ joinAt, late, lateWindowMs }) <= now) {
    issues.push({ path: ["joinAt"], message: "is past, and so is its window for late jobs; expected a later time" });
  }
  return { joinAt, late, lateWindowMs };
}

/** Builds the worker's settings; undefined if something is wrong. */
function settingsOf(request: RecordingRequest, issues: Issue[]): Readonly<Record<string, string>> | undefined {
  const result = workerSettings(request);
  if ("problems" in result) {
    issues.push(...result.problems.map(({ path, message }) => ({ path: [...path], message })));
    return undefined;
  }
  const { MEETBOT_CONSENT: consent, MEETBOT_NOTICE: notice } = result.settings;
  if (notice === "off" && (consent === "opt-in" || consent === "opt-out")) {
    issues.push({
      path: ["recording", "notice"],
      message: `is off, but recording.consent ${consent} asks people with it; expected a text, or nothing`,
    });
  }
  return result.settings;
}

function webhooksOf(
  { webhooks = {} }: JobRequest,
  { webhookProblem }: AcceptOptions,
  issues: Issue[],
): Webhooks | null {
  for (const [name, url] of Object.entries(webhooks)) {
    if (url === undefined) continue;
    const problem = webhookProblem(url);
    if (problem !== undefined) issues.push({ path: ["webhooks", name], message: problem });
  }
  const { onStatus, onFinalize } = webhooks;
  if (onStatus === undefined && onFinalize === undefined) return null;
  return { ...(onStatus === undefined ? {} : { onStatus }), ...(onFinalize === undefined ? {} : { onFinalize }) };
}

/** The id of the bot, of which a server has one live job. Sandbox jobs do not meet, so each gets its own by default. */
function botOf(mode: KeyMode, jobId: string, token: string | undefined): string {
  const bot = token === undefined ? jobId : (botIdOf(token) ?? hashOfKey(token));
  return mode === "test" ? `test ${bot}` : bot;
}

/** Finds other fields that hold the token, because those would be kept and shown unchanged. */
function strayTokens(request: JobRequest, token: string): Issue[] {
  const { discord, ...rest } = request;
  return Object.entries(rest)
    .filter(([, value]) => JSON.stringify(value ?? null).includes(token))
    .map(([name]) => ({
      path: [name],
      message: "contains the bot's token, expected the token only in discord.botToken",
    }));
}

function warningsOf({ displayName, meetingUrl, url, discord }: JobRequest, mode: KeyMode): string[] {
  return [
    ...(displayName === undefined
      ? []
      : ["displayName has no effect on Discord: the bot has the name of its application"]),
    ...(mode === "live" || (meetingUrl ?? url ?? discord) === undefined
      ? []
      : ["a test key plays a recorded call: meetingUrl and discord have no effect"]),
  ];
}
