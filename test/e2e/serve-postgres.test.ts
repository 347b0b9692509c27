import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { asAdmin, missingPostgres, newDatabase, startPostgres } from "../support/postgres.ts";
import { newKey, onFolder, ServeProcess, serviceFolder } from "../support/serve-process.ts";

it.skipIf(missingPostgres())(
  "A service on PostgreSQL records a call while its database is stopped and started, and gives its password away nowhere.",
  async () => {
    const server = await startPostgres();
    onTestFinished(() => server.close());
    const address = await newDatabase(server);
    const folder = await serviceFolder(3_000);
    const file = `${folder.data}.address`;
    await writeFile(file, `${address}\n`, { mode: 0o600 });
    const environment = { ...folder.environment, MEETBOT_SERVICE_DATABASE_FILE: file };
    const onPostgres = { ...folder, environment };
    const service = await ServeProcess.start(onPostgres);
    const { key, id } = await newKey(onPostgres, "test");
    expect((await onFolder(onPostgres, "keys", "ls")).stdout).toContain(id);
    const job = await service.ask(key, "POST", "/api/v1/jobs", { autoLeave: { afterSoloSeconds: 1 } });
    await service.until(key, job.id, "recording");

    const second = await onFolder(
      { ...onPostgres, environment: { ...environment, MEETBOT_SERVICE_DATA_DIR: `${folder.data}-2` } },
      "serve",
    );
    expect([second.exitCode, second.stderr]).toEqual([
      1,
      expect.stringContaining("another service uses this database"),
    ]);

    await server.stop();
    expect(await service.ask(key, "GET", "/api/v1/consumer")).toBe(503);
    expect((await fetch(`${service.address}/readyz`)).status).toBe(503);
    await sleep(500);
    await server.start();
    await service.until(key, job.id, "completed");
    // The manifest comes after the status.
    while ((await service.ask(key, "GET", `/api/v1/recordings/${job.id}`)) === 404) await sleep(100);
    expect(await service.ask(key, "GET", `/api/v1/recordings/${job.id}`)).toMatchObject({
      manifest: { tracks: [{ packets: { received: 150, lost: 0 } }] },
    });
    expect(await (await fetch(`${service.address}/metrics`)).text()).toMatch(/meetbot_service_database_bytes [1-9]/);

    for (const [command, tool] of Object.entries({ backup: "pg_dump", restore: "pg_restore" })) {
      const refused = await onFolder(onPostgres, command, `${folder.data}.copy`);
      expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining(`use ${tool}, see docs/`)]);
    }
    const ended = await service.end("SIGTERM");
    expect(ended.exitCode).toBe(0);
    const log = await readFile(join(folder.data, "jobs", job.id, "worker.log"), "utf8");
    expect(ended.stdout + ended.stderr + log).not.toContain(server.password);
    expect(await readdir(folder.data)).not.toContain("service.db");
    expect(await asAdmin(address, "select status, attempt from jobs")).toEqual([{ status: "completed", attempt: 1 }]);

    await server.stop();
    const away = await onFolder(onPostgres, "serve");
    expect(away.exitCode).toBe(1);
    expect(JSON.parse(away.stderr).msg).toMatch(
      /^MEETBOT_SERVICE_DATABASE cannot be used \(the database does not answer: /,
    );
    expect(away.stderr).not.toContain(server.password);
  },
);
