import type { JobRow } from "../domain/job-row.ts";
import { missedFrom } from "../domain/late.ts";
import type { Creation, CreationOptions, IdempotencyKey, NewJob, StoredAnswer } from "../ports/jobs.ts";
import { addCall } from "./resident-calls.ts";
import { type InTransaction, jobOf, storedJob } from "./rows.ts";
import { writeTimer } from "./write-change.ts";

/** 24 hours: no client repeats a request after that. */
export const IDEMPOTENCY_MS = 86_400_000;

/** Whose request it is, and the customer's own id for the job. */
type Request = Pick<NewJob, "consumerId" | "mode" | "externalId">;

/** Creates a job, or refuses it because of the rows that exist, in one transaction. */
export async function createJob(trx: InTransaction, job: NewJob, options: CreationOptions): Promise<Creation> {
  const { at, idempotency, answerOf, call } = options;
  await lockConsumer(trx, job);
  const repeated = await repeatedCreation(trx, job, options);
  if (repeated !== undefined) return repeated;
  const refusal = await refusalOf(trx, job, options);
  if (refusal !== undefined) return refusal;
  const row = newRow(job, at);
  await trx.insertInto("jobs").values(storedJob(row)).execute();
  if (row.status === "scheduled") await writeTimer(trx, row.id, { kind: "join", dueAt: row.joinAt });
  await writeTimer(trx, row.id, { kind: "late", dueAt: missedFrom(row) });
  if (row.retentionUntil !== null) await writeTimer(trx, row.id, { kind: "retention", dueAt: row.retentionUntil });
  if (call !== undefined) await addCall(trx, row.id, call, at);
  const answer = answerOf(row, true);
  await keepAnswer(trx, job, idempotency, answer, at);
  return { kind: "created", job: row, answer };
}

export async function repeatedCreation(
  trx: InTransaction,
  request: Request,
  { at, idempotency, answerOf }: CreationOptions,
): Promise<Creation | undefined> {
  const earlier = idempotency && (await earlierAnswer(trx, request, idempotency, at));
  if (earlier !== undefined) return earlier;
  const existing = await jobWithExternalId(trx, request);
  if (existing === undefined) return undefined;
  const answer = answerOf(existing, false);
  await keepAnswer(trx, request, idempotency, answer, at);
  return { kind: "existing", job: existing, answer };
}

/** Requests of one consumer are decided one after the other: its keys' limits, its `externalId`s and `Idempotency-Key`s. */
async function lockConsumer(trx: InTransaction, { consumerId }: Request): Promise<void> {
  await trx.selectFrom("consumers").select("id").where("id", "=", consumerId).forNoKeyUpdate().execute();
}

async function earlierAnswer(
  trx: InTransaction,
  { consumerId, mode }: Request,
  { key, requestHash }: IdempotencyKey,
  at: number,
): Promise<Creation | undefined> {
  const row = await trx
    .selectFrom("idempotency")
    .selectAll()
    .where("consumerId", "=", consumerId)
    .where("mode", "=", mode)
    .where("key", "=", key)
    .where("createdAt", ">", at - IDEMPOTENCY_MS)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  if (row.requestHash !== requestHash) return { kind: "key_conflict" };
  return { kind: "replayed", answer: { status: row.status, body: row.body } };
}

async function keepAnswer(
  trx: InTransaction,
  { consumerId, mode }: Request,
  idempotency: IdempotencyKey | undefined,
  { status, body }: StoredAnswer,
  at: number,
): Promise<void> {
  if (idempotency === undefined) return;
  const answer = { requestHash: idempotency.requestHash, status, body, createdAt: at };
  await trx
    .insertInto("idempotency")
    .values({ consumerId, mode, key: idempotency.key, ...answer })
    // The row that exists is older than a day.
    .onConflict((conflict) => conflict.columns(["consumerId", "mode", "key"]).doUpdateSet(answer))
    .execute();
}

async function jobWithExternalId(
  trx: InTransaction,
  { consumerId, mode, externalId }: Request,
): Promise<JobRow | undefined> {
  if (externalId === null) return undefined;
  const row = await trx
    .selectFrom("jobs")
    .selectAll()
    .where("consumerId", "=", consumerId)
    .where("mode", "=", mode)
    .where("externalId", "=", externalId)
    .executeTakeFirst();
  return row && jobOf(row);
}

/** Why a new job is refused. A scheduled job takes no place yet, but a key with a limit of 0 cannot schedule either. */
async function refusalOf(
  trx: InTransaction,
  job: NewJob,
  { at, call }: CreationOptions,
): Promise<Creation | undefined> {
  const { maxConcurrent } = await trx
    .selectFrom("keys")
    .select("maxConcurrent")
    .where("id", "=", job.keyId)
    .executeTakeFirstOrThrow();
  const isScheduled = job.joinAt !== null && job.joinAt > at;
  const live = isScheduled ? 0 : await countLive(trx, job.keyId);
  if (live >= maxConcurrent) return { kind: "over_quota", maxConcurrent };
  if (isScheduled) return undefined;
  const busy = (await liveJobOfBot(trx, job)) ?? (call === undefined ? undefined : await liveCallIn(trx, job));
  return busy === undefined ? undefined : { kind: "bot_busy", jobId: busy };
}

async function countLive(trx: InTransaction, keyId: string): Promise<number> {
  const { count } = await trx
    .selectFrom("jobs")
    .select((select) => select.fn.countAll<number>().as("count"))
    .where("keyId", "=", keyId)
    .where("isLive", "=", 1)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** The id of the live job that uses the bot in this server. */
export async function liveJobOfBot(
  trx: InTransaction,
  { botId, guildId }: Pick<JobRow, "botId" | "guildId">,
): Promise<string | undefined> {
  const row = await trx
    .selectFrom("jobs")
    .select("id")
    .where("botId", "=", botId)
    .where("guildId", "=", guildId)
    .where("isLive", "=", 1)
    .executeTakeFirst();
  return row?.id;
}

/** Two people, or a person and a rule, may start the same channel at the same moment, each with another bot. */
async function liveCallIn(
  trx: InTransaction,
  { guildId, channelId }: Pick<JobRow, "guildId" | "channelId">,
): Promise<string | undefined> {
  const row = await trx
    .selectFrom("jobs")
    .innerJoin("discordCalls", "discordCalls.jobId", "jobs.id")
    .select("jobs.id")
    .where("jobs.guildId", "=", guildId)
    .where("jobs.channelId", "=", channelId)
    .where("jobs.isLive", "=", 1)
    .executeTakeFirst();
  return row?.id;
}

function newRow(job: NewJob, at: number): JobRow {
  return {
    ...job,
    status: job.joinAt !== null && job.joinAt > at ? "scheduled" : "queued",
    joinAt: job.joinAt ?? at,
    paused: false,
    stopped: false,
    attempt: 0,
    retries: 0,
    recoveries: 0,
    abandonedAttempt: 0,
    claimedAt: null,
    task: null,
    dispatchFailed: false,
    worker: null,
    workerSeenAt: null,
    untrackedSince: null,
    controlTokenSealed: null,
    ending: null,
    stopLevel: 0,
    createdAt: at,
    updatedAt: at,
    startedAt: null,
    endedAt: null,
    exitReason: null,
    exitDetail: null,
    failureCode: null,
    failureDetail: null,
    manifestUri: null,
    durationSeconds: null,
    billed: null,
    deletedAt: null,
  };
}
