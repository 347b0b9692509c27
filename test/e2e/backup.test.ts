import { copyFile, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { newKey, onFolder, ServeProcess, type ServiceFolder, serviceFolder } from "../support/serve-process.ts";
import { WebhookReceiver } from "../support/webhook-receiver.ts";

const ENDS = { autoLeave: { afterSoloSeconds: 1 } };

/** The same service with another data folder. */
async function emptyFolder(folder: ServiceFolder): Promise<ServiceFolder> {
  const data = `${folder.data}-restored`;
  await mkdir(data, { mode: 0o700 });
  return { data, environment: { ...folder.environment, MEETBOT_SERVICE_DATA_DIR: data } };
}

describe("a backup that is made while jobs are live", () => {
  it("is restored into an empty folder: keys work, jobs are as they ended, and deliveries continue", async () => {
    const folder = await serviceFolder(10_000);
    const service = await ServeProcess.start(folder);
    const { key } = await newKey(folder, "test");
    const hook = await WebhookReceiver.start({ status: 500 });
    onTestFinished(() => hook.down());
    const webhooks = { onStatus: hook.url, onFinalize: hook.url };
    const create = () => service.ask(key, "POST", "/api/v1/jobs", { ...ENDS, webhooks });
    const [short, long] = [await create(), await create()];
    await service.until(key, short.id, "recording");
    await service.until(key, long.id, "recording");

    const file = `${folder.data}.backup`;
    const made = await onFolder(folder, "backup", file);
    expect(made.stdout).toMatch(/ holds 2 jobs and 2 keys, \d+ bytes, checked\./);
    expect(made.stdout).toContain(`which is not in it: ${join(folder.data, "sealing.key")}\n`);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await readFile(file)).includes((await readFile(join(folder.data, "sealing.key"))).subarray(0, 40))).toBe(
      false,
    );
    const refused = await onFolder(folder, "backup", file);
    expect([refused.exitCode, refused.stderr]).toEqual([
      1,
      `meetbot-discord: ${file} exists, expected the name of a new file\n`,
    ]);

    // The backup knows nothing of this end.
    await service.ask(key, "POST", `/api/v1/jobs/${short.id}/leave-call`);
    await service.until(key, short.id, "completed");
    await service.end("SIGKILL");

    const restored = await emptyFolder(folder);
    const keyless = await onFolder(restored, "restore", file);
    expect([keyless.exitCode, keyless.stderr]).toEqual([1, expect.stringContaining("there is no sealing key")]);
    await copyFile(join(folder.data, "sealing.key"), join(restored.data, "sealing.key"));
    const { stdout } = await onFolder(restored, "restore", file);
    expect(stdout).toContain(
      `${restored.data} has 2 jobs and 2 keys of the backup; the sealing key opens 4 secrets.\n`,
    );
    const twice = await onFolder(restored, "restore", file);
    expect([twice.exitCode, twice.stderr]).toEqual([
      1,
      expect.stringContaining("exists, expected a data folder without a database; add --replace to keep it"),
    ]);
    const replacing = await onFolder(restored, "restore", "--replace", file);
    const [, replaced = ""] = /^The database before is in (.*)\.\n/.exec(replacing.stdout) ?? [];
    expect(await readdir(replaced)).toContain("service.db");
    expect((await readdir(restored.data)).filter((name) => name.startsWith("service.db"))).toEqual(["service.db"]);

    const again = await ServeProcess.start(restored, { MEETBOT_SERVICE_PORT: new URL(service.address).port });
    await again.until(key, short.id, "completed");
    await again.until(key, long.id, "completed");
    for (const { id } of [short, long]) {
      expect(await again.ask(key, "GET", `/api/v1/recordings/${id}`)).toMatchObject({ manifest: { jobId: id } });
    }
    await expect
      .poll(() => new Set(hook.requests.map(({ envelope: { data, event } }) => `${data.jobId} ${event}`)), {
        timeout: 30_000,
      })
      .toEqual(new Set([short, long].flatMap(({ id }) => EVENTS.map((event) => `${id} ${event}`))));
    for (const { id } of [short, long]) {
      const own = hook.requests.filter(({ envelope }) => envelope.data.jobId === id);
      const statuses = new Map(own.map(({ envelope }) => [envelope.deliveryId, envelope.data]));
      // Each event has one id, whichever database it comes from.
      expect([...statuses.values()].map((data) => ("status" in data ? data.status : data.event)).sort()).toEqual(TOLD);
    }
  });
});

const EVENTS = ["job.status_changed", "bot.usage_recorded", "job.finalized"];
const TOLD = [
  ...["bot.usage_recorded", "completed", "completed", "finalizing", "in_call", "joining", "recording"],
].sort();

describe("a backup that cannot be used", () => {
  it("is refused with a sentence, and the data folder stays without a database", async () => {
    const folder = await serviceFolder();
    await newKey(folder, "test");
    const file = `${folder.data}.backup`;
    expect((await onFolder(folder, "backup", file)).exitCode).toBe(0);
    const whole = await readFile(file);
    const restored = await emptyFolder(folder);
    const sealingKey = join(restored.data, "sealing.key");
    await copyFile(join(folder.data, "sealing.key"), sealingKey);
    const refusalOf = async (path: string): Promise<string> => {
      const { exitCode, stderr } = await onFolder(restored, "restore", path);
      expect(exitCode).toBe(1);
      expect(stderr.trim().split("\n")).toHaveLength(1);
      expect((await readdir(restored.data)).filter((name) => name.startsWith("service.db"))).toEqual([]);
      return stderr;
    };
    const bad = `${folder.data}.bad`;
    await writeFile(bad, whole.subarray(0, Math.floor(whole.length / 2)));
    expect(await refusalOf(bad)).toMatch(/is damaged|malformed|cannot be copied/);
    await writeFile(bad, "no database at all, but long enough to have a header of a hundred bytes".repeat(9));
    expect(await refusalOf(bad)).toContain("not a database");
    await writeFile(bad, whole);
    const newer = new DatabaseSync(bad);
    newer.exec("insert into kysely_migration (name, timestamp) values ('9999-future', '2030-01-01')");
    newer.close();
    expect(await refusalOf(bad)).toContain("is of a newer version of this program (9999-future)");
    await writeFile(sealingKey, `${Buffer.alloc(32, 7).toString("base64")}\n`);
    expect(await refusalOf(file)).toContain(`${sealingKey} does not open the secrets of this backup`);
  });
});
