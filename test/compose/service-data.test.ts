import { execFile } from "node:child_process";
import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { listenForWorkers } from "../../src/compose/ingest-address.ts";
import {
  hasDatabase,
  lockDataFolder,
  openData,
  openExistingData,
  openSharedData,
} from "../../src/compose/service-data.ts";
import { InputError } from "../../src/errors.ts";
import type { Verdict } from "../../src/service/domain/verdict.ts";

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "meetbot-data-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** What the service and a command say about each folder to a user who is not root. */
async function saidToAnother(folders: readonly string[]): Promise<string[]> {
  // Only in a process of its own can root become another user.
  const script = `
    const { lockDataFolder, openSharedData } = await import(${JSON.stringify(resolve("src/compose/service-data.ts"))});
    if (process.getuid() === 0) process.setgroups([]), process.setgid(65534), process.setuid(65534);
    const show = (error) => console.log(error.name, error.message);
    for (const dataDirectory of ${JSON.stringify(folders)}) {
      await lockDataFolder(dataDirectory, 0).catch(show);
      await openSharedData({ dataDirectory }).catch(show);
    }`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script]);
  return stdout.trim().split("\n");
}

describe("a data folder", () => {
  it("is made if it is missing, and what is in its way is named", async () => {
    const folder = await newFolder();
    const data = join(folder, "a", "b");
    (await lockDataFolder(data, 0)).release();
    expect(await readdir(data)).toEqual(["service.lock", "service.pid"]);
    await writeFile(join(folder, "file"), "");
    const problem = lockDataFolder(join(folder, "file", "data"), 0);
    await expect(problem).rejects.toThrow(`MEETBOT_SERVICE_DATA_DIR: cannot make ${join(folder, "file", "data")}: `);
    await expect(problem).rejects.toThrow(InputError);
  });

  it("with a database that is damaged, or a lock that is not one, is refused with a sentence", async () => {
    const dataDirectory = await newFolder();
    await writeFile(join(dataDirectory, "service.db"), "not a database, but as long as the header of one".repeat(9));
    const place = { dataDirectory, database: undefined, sealingKey: undefined };
    await expect(openData(place, true)).rejects.toThrow(`${join(dataDirectory, "service.db")} cannot be used`);
    await writeFile(join(dataDirectory, "service.lock"), "not a database, but as long as the header of one".repeat(9));
    await expect(lockDataFolder(dataDirectory, 0)).rejects.toThrow(
      `${join(dataDirectory, "service.lock")} cannot be used`,
    );
  });

  it("is in use as long as its lock is held, also by this process; commands work next to it", async () => {
    const dataDirectory = await newFolder();
    const place = { dataDirectory, database: undefined, sealingKey: undefined };
    const lock = await lockDataFolder(dataDirectory, 0);
    await (await openData(place, true)).store.close();
    await expect(lockDataFolder(dataDirectory, 0)).rejects.toThrow(`is in use by process ${process.pid};`);
    await (await openSharedData(place)).store.close();
    lock.release();
    lock.release();
    (await lockDataFolder(dataDirectory, 0)).release();
  });

  it("is not made for a command that only reads or changes what a service has", async () => {
    const folder = await newFolder();
    const place = { dataDirectory: join(folder, "none"), database: undefined, sealingKey: undefined };
    await expect(openExistingData(place)).rejects.toThrow(
      `MEETBOT_SERVICE_DATA_DIR: ${place.dataDirectory} has no service yet; set it to the data folder of your service`,
    );
    await expect(openExistingData({ ...place, dataDirectory: folder })).rejects.toThrow(InputError);
    expect(await readdir(folder)).toEqual([]);
    expect(await hasDatabase(place)).toBe(false);
    await (await openSharedData(place)).store.close();
    expect(await hasDatabase(place)).toBe(true);
    await (await openExistingData(place)).store.close();
  });

  it("that this user may not write is named", async () => {
    const dataDirectory = await newFolder();
    await chmod(dataDirectory, 0o555);
    const line = `InputError MEETBOT_SERVICE_DATA_DIR: cannot write in ${dataDirectory}: `;
    expect(await saidToAnother([dataDirectory])).toEqual([line, line].map((text) => expect.stringContaining(text)));
  });

  it("in which another user has made a file says which file, whose it is, and what helps (keys create as root)", async () => {
    const names = ["service.lock", "service.db", "service.db-wal", "sealing.key"];
    const folders = await Promise.all(
      names.map(async (name) => {
        const folder = await newFolder();
        await chmod(folder, 0o777);
        await writeFile(join(folder, name), "", { mode: 0o600 });
        // A user who is not root cannot give a file away; then it is their own, and its mode forbids it.
        if (process.getuid?.() !== 0) await chmod(join(folder, name), 0);
        return folder;
      }),
    );
    const isRoot = process.getuid?.() === 0;
    expect(await saidToAnother(folders)).toEqual(
      folders.flatMap((folder, index) => {
        const what = `InputError MEETBOT_SERVICE_DATA_DIR: cannot use ${join(folder, names[index] ?? "")}: `;
        const line = isRoot
          ? `${what}it belongs to user 0, and this process runs as user 65534; run sudo chown -R 65534:65534 ${folder}, or run this command as user 0`
          : expect.stringMatching(/^InputError MEETBOT_SERVICE_DATA_DIR: cannot use .*; run chmod 600 on it$/);
        return [line, line];
      }),
    );
  });

  it("has tables that a command does not change while a service has the folder", async () => {
    const dataDirectory = await newFolder();
    const lock = await lockDataFolder(dataDirectory, 0);
    onTestFinished(() => lock.release());
    const opened = openSharedData({ dataDirectory, database: undefined, sealingKey: undefined });
    await expect(opened).rejects.toThrow("the service that runs has a database of an older version");
  });
});

describe("the address that workers report to", () => {
  const start = async (dataDirectory: string, port: number, workers: Verdict["kind"][] = [], taken: number[] = []) => {
    const asked: number[] = [];
    const server = await listenForWorkers(
      { dataDirectory, host: "0.0.0.0", port },
      {
        store: { claimed: async () => workers.map((worker, n) => ({ id: `job_${n}`, worker })) as never },
        launcher: { inspect: async (_id, worker) => ({ kind: worker }) as Verdict },
        listen: async (wanted) => {
          asked.push(wanted);
          if (taken.includes(wanted)) throw new InputError(`port ${wanted} is taken`);
          return { address: `http://0.0.0.0:${wanted === 0 ? 40_000 + asked.length : wanted}` };
        },
      },
    );
    return { asked, address: server.address };
  };

  it("is any free one at first with port 0, and then the same", async () => {
    const data = await newFolder();
    expect((await start(data, 0)).asked).toEqual([0]);
    expect((await start(data, 0)).asked).toEqual([40_001]);
  });

  it("is another one if it is taken and no worker runs", async () => {
    const data = await newFolder();
    await start(data, 0);
    expect((await start(data, 0, ["gone", "unknown"], [40_001])).asked).toEqual([40_001, 0]);
    expect((await start(data, 0)).asked).toEqual([40_002]);
    await expect(start(data, 0, ["alive"], [40_002])).rejects.toThrow("port 40002 is taken");
  });

  it("changes with the setting, but not while a worker runs", async () => {
    const data = await newFolder();
    await start(data, 8_080);
    await expect(start(data, 9_090, ["alive"])).rejects.toThrow("1 worker of the last start reports to http://");
    await expect(start(data, 9_090, ["alive", "gone", "alive"])).rejects.toThrow(
      "MEETBOT_SERVICE_HOST and MEETBOT_SERVICE_PORT: 2 workers of the last start report to http://127.0.0.1:8080;",
    );
    expect((await start(data, 8_080, ["alive"])).asked).toEqual([8_080]);
    expect((await start(data, 9_090, ["gone"])).asked).toEqual([9_090]);
  });
});
