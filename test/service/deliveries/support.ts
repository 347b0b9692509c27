import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { DeliveryRunner, type DeliveryRunnerOptions } from "../../../src/service/deliveries/delivery-runner.ts";
import { formatWebhookSecret } from "../../../src/service/domain/key-format.ts";
import { sealPurpose } from "../../../src/service/domain/seal-purpose.ts";
import type { NewJob } from "../../../src/service/ports/jobs.ts";
import type { KeyRow } from "../../../src/service/ports/keys.ts";
import type { Store } from "../../../src/service/ports/store.ts";
import { createSealer } from "../../../src/service/secrets/sealer.ts";
import { openSqliteStore } from "../../../src/service/store/sql-store.ts";
import type { JobEvent } from "../../../src/session/job-events.ts";
import { MemoryLog } from "../../delivery/support.ts";
import { AT, statusEvent } from "../support/job-rows.ts";
import { CONSUMER, envelope, jobId, keyRow, startJob } from "../support/store-rows.ts";

export const MINUTE_MS = 60_000;
export const SECRET = formatWebhookSecret(Buffer.alloc(32, 7));
export const OLD_SECRET = formatWebhookSecret(Buffer.alloc(32, 9));

/** A database in a file, a clock that the test sets, and senders that it starts and stops. */
export async function newLedger(key: Partial<KeyRow> = {}) {
  const folder = await mkdtemp(join(tmpdir(), "meetbot-ledger-"));
  const path = join(folder, "service.db");
  const sealer = createSealer([randomBytes(32)]);
  const seal = (secret: string, keyId: string) => sealer.seal(secret, sealPurpose.webhookSecret(keyId));
  const log = new MemoryLog();
  const ledger = { store: await openSqliteStore(path), now: AT };
  await ledger.store.addConsumer(CONSUMER);
  const addKey = async (more: Partial<KeyRow>): Promise<void> => {
    const id = more.id ?? "key_1";
    await ledger.store.addKey(keyRow({ hash: `hash of ${id}`, webhookSecretSealed: seal(SECRET, id), ...more }));
  };
  await addKey(key);
  onTestFinished(async () => {
    await ledger.store.close();
    await rm(folder, { recursive: true });
  });
  const sender = (more: Partial<DeliveryRunnerOptions> = {}): DeliveryRunner =>
    new DeliveryRunner({
      ...{ store: ledger.store, sealer, log, userAgent: "meetbot-discord/test", allowPrivate: true },
      clock: { now: () => ledger.now },
      ...more,
    });
  return {
    ...{ ledger, log, sealer, seal, addKey, sender },
    /** Closes the database and opens it again, like a restarted service. */
    restart: async (): Promise<void> => {
      await ledger.store.close();
      ledger.store = await openSqliteStore(path);
    },
    /** Starts a job with webhooks. */
    start: async (number: number, onStatus: string, changes: Partial<NewJob> = {}, onFinalize = onStatus) => {
      const hooks = JSON.stringify({ onStatus, onFinalize });
      await startJob(ledger.store, number, {
        webhooksSealed: sealer.seal(hooks, sealPurpose.webhooks(jobId(number))),
        sharesHook: onStatus === onFinalize,
        ...changes,
      });
    },
    /** @returns the delivery's id */
    report: async (number: number, event: JobEvent | Parameters<typeof statusEvent>[0]): Promise<string> => {
      const sent = envelope(number, typeof event === "string" ? statusEvent(event) : event);
      await ledger.store.ingest(`token_${number}_1`, sent, ledger.now);
      return sent.deliveryId;
    },
  };
}

/** All deliveries of a job, oldest first. */
export async function ledgerOf(store: Store, number: number) {
  return (await store.deliveries(jobId(number), { limit: 100 })).items.toReversed();
}
