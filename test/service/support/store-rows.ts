import type { NewJob } from "../../../src/service/ports/jobs.ts";
import type { KeyRow } from "../../../src/service/ports/keys.ts";
import type { CallToAdd } from "../../../src/service/ports/resident.ts";
import type { SharedLinkRow } from "../../../src/service/ports/shared-links.ts";
import type { Store } from "../../../src/service/ports/store.ts";
import type { Envelope, JobEvent } from "../../../src/session/job-events.ts";
import { AT } from "./job-rows.ts";

export const CONSUMER = { id: "con_1", name: "Acme", createdAt: AT };
export const OWNER = { consumerId: "con_1", mode: "live" } as const;

export function keyRow(changes: Partial<KeyRow> = {}): KeyRow {
  return {
    id: "key_1",
    consumerId: "con_1",
    mode: "live",
    role: "customer",
    name: "first",
    hash: "hash_1",
    shownPrefix: "mb_live_0123…",
    maxConcurrent: 100,
    webhookSecretSealed: "sealed secret",
    oldWebhookSecretSealed: null,
    oldWebhookSecretUntil: null,
    storageUri: null,
    createdAt: AT,
    revokedAt: null,
    ...changes,
  };
}

/** A store with a consumer and a key. */
export async function withKey(store: Store, changes: Partial<KeyRow> = {}): Promise<Store> {
  await store.addConsumer(CONSUMER);
  await store.addKey(keyRow(changes));
  return store;
}

/** For each number another job, with another bot. */
export function newJob(number: number, changes: Partial<NewJob> = {}): NewJob {
  return {
    ...OWNER,
    id: jobId(number),
    keyId: "key_1",
    externalId: `call-${number}`,
    requestJson: "{}",
    settingsJson: "{}",
    guildId: "81384788765712384",
    channelId: "381870553235193857",
    textChannelId: null,
    botId: `1000000000000${String(number).padStart(5, "0")}`,
    tokenSealed: "sealed token",
    webhooksSealed: "sealed hooks",
    hasStatusHook: true,
    hasFinalizeHook: true,
    sharesHook: false,
    storageUri: null,
    joinAt: null,
    late: "join",
    lateWindowMs: 600_000,
    warningsJson: "[]",
    retentionUntil: null,
    ...changes,
  };
}

/** A call in the server of `newJob`, started by a command. */
export function callToAdd(): CallToAdd {
  return {
    call: {
      guildId: "81384788765712384",
      voiceChannelId: "381870553235193857",
      panelChannelId: "381870553235193858",
      startedBy: "80351110224678912",
      title: "stand-up",
      origin: "command",
      ruleId: null,
    },
    endMessages: [
      { target: "starter", address: "80351110224678912" },
      { target: "channel", address: "381870553235193858" },
    ],
  };
}

/** A link to the recording of a job, valid for a day. */
export function linkTo(
  number: number,
  changes: Partial<Omit<SharedLinkRow, "revokedAt">> = {},
): Omit<SharedLinkRow, "revokedAt"> {
  return {
    id: "AAAAAAAAAAAAAAAAAAAAAA",
    jobId: jobId(number),
    guildId: "81384788765712384",
    madeFor: "user:80351110224678912",
    mayDelete: true,
    createdAt: AT,
    expiresAt: AT + 86_400_000,
    ...changes,
  };
}

export function jobId(number: number): string {
  return `job_01HX9N8K0000000000000${String(number).padStart(5, "0")}`;
}

export const answerOf = (job: { readonly id: string }, isNew: boolean) => ({
  status: isNew ? 201 : 200,
  body: JSON.stringify({ id: job.id }),
});

/** Creates a job and starts its worker, whose ingest token has the hash `token_NUMBER_ATTEMPT`. */
export async function startJob(store: Store, number: number, changes: Partial<NewJob> = {}): Promise<string> {
  await store.createJob(newJob(number, changes), { at: AT, answerOf });
  await claimJob(store, number, 1);
  return jobId(number);
}

export async function claimJob(store: Store, number: number, attempt: number): Promise<void> {
  const id = jobId(number);
  const ingestTokenHash = `token_${number}_${attempt}`;
  await store.claim(id, { at: AT, task: "record", ingestTokenHash, controlTokenSealed: "sealed control" });
  await store.applyJobEvent(id, { type: "launched", at: AT, attempt, worker: "{}" });
}

let deliveries = 0;

/** An event in its envelope, with a new delivery id unless one is given. */
export function envelope(number: number, event: JobEvent, deliveryId?: string): Envelope {
  deliveries += 1;
  return {
    deliveryId: deliveryId ?? `dlv_${String(deliveries).padStart(26, "0")}`,
    event: event.event,
    emittedAt: new Date(AT).toISOString(),
    attempt: 1,
    version: 2,
    data: { ...event, jobId: jobId(number) },
  } as Envelope;
}
