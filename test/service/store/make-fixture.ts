import { existsSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openSqliteStore } from "../../../src/service/store/sql-store.ts";
import { AT, FINALIZED, statusEvent } from "../support/job-rows.ts";
import { dumpSqlite } from "../support/sqlite-dump.ts";
import { answerOf, callToAdd, claimJob, envelope, linkTo, newJob, startJob, withKey } from "../support/store-rows.ts";

/**
 * Writes `fixtures/MIGRATION.sql`: a database with rows in every table, as the newest migration leaves it. Run it when a
 * migration was added, before it is released. A file that exists is never written again.
 */
const folder = await mkdtemp(join(tmpdir(), "meetbot-fixture-"));
const path = join(folder, "service.db");
const store = await withKey(await openSqliteStore(path));

await startJob(store, 1);
for (const status of ["joining", "in_call", "recording", "finalizing", "completed"] as const) {
  await store.ingest("token_1_1", envelope(1, statusEvent(status)), AT);
}
await store.ingest("token_1_1", envelope(1, FINALIZED), AT);
const [sent] = await store.claimDeliveries({ at: AT, leaseMs: 10_000, by: "sender", limit: 1 });
if (sent === undefined) throw new Error("nothing to deliver");
const attempt = { deliveryId: sent.id, number: 1, at: AT, status: 200, latencyMs: 12.5, error: null };
await store.noteAttempt(attempt, { state: "delivered" }, { by: "sender", dueSince: sent.dueSince });
const guildId = "81384788765712384";
await store.createJob(newJob(2), { at: AT, answerOf, call: callToAdd() });
await claimJob(store, 2, 1);
await store.resident.changeGuild(guildId, AT, () => "{}");
await store.resident.addRule({
  ...{ id: "rule_1", guildId, ruleJson: "{}", createdBy: "80351110224678912", createdAt: AT, enabled: true },
});
await store.resident.setWait({
  ...{ guildId, channelId: "381870553235193857", kind: "start", ruleId: "rule_1", since: AT, dueAt: AT + 5_000 },
});
await store.resident.setConsent({ guildId, userId: "80351110224678912", choice: "allow", at: AT });
await store.sharedLinks.addLink(linkTo(1));
await store.logins.noteLogins([{ id: "login", botId: "100000000000000001", kind: "worker", at: AT }]);
await store.logins.noteLoginLimit({
  ...{ botId: "100000000000000001", total: 1_000, remaining: 999, resetAt: AT + 86_400_000, seenAt: AT },
});
await store.createJob(newJob(3, { joinAt: AT + 3_600_000 }), {
  at: AT,
  answerOf,
  idempotency: { key: "it's a key", requestHash: "hash" },
});
await store.addCliAuth({
  nonceHash: "nonce",
  userCode: "ABCD-EFGH",
  createdAt: AT,
  expiresAt: AT + 1,
  client: "a terminal",
  address: "192.0.2.1",
  keySealed: null,
});
await store.addSession({ hash: "session", keyId: "key_1", createdAt: AT, expiresAt: AT + 1 });
await store.revokeKey("key_1", AT);
await store.close();

const database = new DatabaseSync(path);
const last = database.prepare("select max(name) as name from kysely_migration").get();
const file = new URL(`fixtures/${String(last?.name)}.sql`, import.meta.url);
if (existsSync(file)) throw new Error(`${file.pathname} exists: what a released version has made does not change`);
writeFileSync(file, dumpSqlite(database));
database.close();
await rm(folder, { recursive: true });
