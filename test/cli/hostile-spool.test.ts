import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { beforeEach, describe, expect, it } from "vitest";
import { runCommand } from "../support/worker.ts";

let root: string;
let spool: string;
/** A file of the person who runs recover, which the journal tries to get. */
let key: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "meetbot-test-"));
  spool = join(root, "spool");
  key = join(root, "home", "key");
  await mkdir(join(root, "home"));
  await writeFile(key, "my key");
});

interface Hostile {
  readonly folder?: string;
  readonly jobId?: string;
  readonly fileName?: string;
  readonly storage?: object;
}

const folderOf = (job: string) => join(spool, job);

/** A job's folder with the journal of an attacker who wants `fileName` to be stored. */
async function layOut({ folder = "job_1", jobId = folder, fileName, storage }: Hostile): Promise<string> {
  const directory = folderOf(folder);
  await mkdir(directory, { recursive: true });
  const content = Buffer.from("my key");
  const file = {
    name: fileName,
    bytes: content.length,
    sha256: createHash("sha256").update(content).digest("hex"),
  };
  const place = { guildId: "1", guildName: "g", channelId: "2", channelName: "c", selfId: "3" };
  const lines = [
    {
      ...{ type: "job", version: 1, jobId, externalId: null, guildId: "1", channelId: "2", textChannelId: null },
      storage: storage ?? { kind: "file", directory: join(root, "recordings") },
      ...{ consent: "none", software: { name: "x", version: "1" } },
    },
    { type: "recording", startedAt: "2026-01-01T00:00:00.000Z", place },
    ...(fileName === undefined ? [] : [{ type: "file", contentType: "text/plain", file }]),
  ];
  await writeFile(join(directory, "journal.jsonl"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  return directory;
}

const recoverAll = (environment: Record<string, string> = {}, ...options: string[]) =>
  runCommand(["recover", "--all", ...options, spool], {
    MEETBOT_STORAGE_URI: `file:${join(root, "recordings")}`,
    ...environment,
  });

describe("recover --all in a spool that an attacker prepared", () => {
  it.each(["../../home/key", "attachments/../../../home/key"])(
    "does not read, store or delete %s outside the job's folder",
    async (fileName) => {
      await layOut({ fileName, storage: { kind: "file", directory: join(root, "a/b/c") } });
      await recoverAll({ MEETBOT_STORAGE_URI: `file:${join(root, "a/b/c")}` });
      expect(await readFile(key, "utf8")).toBe("my key");
      const made = await readdir(root, { recursive: true, withFileTypes: true });
      expect(
        made
          .filter((entry) => entry.isFile())
          .map(({ name }) => name)
          .sort(),
      ).toEqual(["events.jsonl", "key", "manifest.json"]);
    },
  );

  it("reads no file through a link, and empties no link's target", async () => {
    const directory = await layOut({ fileName: "events.jsonl" });
    await symlink(key, join(directory, "events.jsonl"));
    await symlink(key, join(directory, "reserve"));
    const { exitCode, stderr } = await recoverAll();
    expect(stderr).toContain("events.jsonl is a link, expected a file");
    expect(exitCode).toBe(1);
    expect(await readFile(key, "utf8")).toBe("my key");
    expect(await readdir(root)).not.toContain("recordings");
  });

  it.each(["../victim", "other", "a\u001b]0;x\u0007"])("refuses a journal of the job %j", async (jobId) => {
    await layOut({ jobId });
    const { exitCode, stderr } = await recoverAll();
    expect(stderr).toMatch(/its journal is that of the job other, expected|its journal is missing or damaged/);
    expect(stderr).not.toContain("\u001b");
    expect(exitCode).toBe(1);
    expect(await readdir(root)).toEqual(["home", "spool"]);
  });

  it("stores only where the environment says, unless it may trust the journal", async () => {
    const elsewhere = join(root, "elsewhere");
    await layOut({ storage: { kind: "file", directory: elsewhere } });
    const refused = await recoverAll();
    expect(refused.stderr).toContain(
      `its journal stores to file:${elsewhere}, but MEETBOT_STORAGE_URI names file:${join(root, "recordings")}; set MEETBOT_STORAGE_URI to the first, or if nobody else can write to this spool: `,
    );
    expect(refused.exitCode).toBe(1);
    expect((await readdir(root)).sort()).toEqual(["home", "spool"]);
    const trusted = await recoverAll({}, "--journal-storage");
    expect(trusted.exitCode).toBe(0);
    expect(await readdir(join(elsewhere, "job_1"))).toContain("manifest.json");
  });

  it("sends its credentials only to the environment's endpoint, even if it may trust the journal", async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(JSON.stringify(request.headers));
      response.writeHead(500).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const place = {
      bucket: "bkt",
      prefix: "p",
      endpoint,
      region: "us-east-1",
      forcePathStyle: true,
      checksums: "none",
    };
    await layOut({ storage: { kind: "s3", ...place } });
    const environment = {
      MEETBOT_STORAGE_URI: "s3://mine/p",
      AWS_ACCESS_KEY_ID: "AKIAEXAMPLEEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "not-a-secret-of-anybody",
      AWS_SESSION_TOKEN: "not-a-token-of-anybody",
    };
    for (const options of [[], ["--journal-storage"]]) {
      const { exitCode, stderr } = await recoverAll(environment, ...options);
      expect(stderr).toMatch(/its journal (stores to s3:\/\/bkt\/p at|names the endpoint) http/);
      expect(exitCode).toBe(1);
    }
    server.close();
    expect(asked).toEqual([]);
  });

  it("continues with the other jobs", async () => {
    await layOut({ folder: "job_0", jobId: "other" });
    await layOut({ folder: "job_1" });
    expect((await recoverAll()).exitCode).toBe(1);
    expect(await readdir(join(root, "recordings", "job_1"))).toContain("manifest.json");
  });
});

describe("a link to a job's folder in the spool", () => {
  it("is not followed, and named with the command that finishes the job", async () => {
    const elsewhere = join(root, "elsewhere", "job_1");
    await mkdir(elsewhere, { recursive: true });
    await writeFile(join(elsewhere, "journal.jsonl"), "");
    await mkdir(spool, { recursive: true });
    await symlink(elsewhere, join(spool, "job_1"));
    const { exitCode, stderr } = await runCommand(["recover", "--all", spool], {
      MEETBOT_STORAGE_URI: `file:${join(root, "r")}`,
    });
    expect(stderr).toMatch(
      /job_1 is a link to a job's folder, and links in a spool are not followed; if you made it: /,
    );
    expect(stderr).toContain(`recover ${elsewhere}`);
    expect(await readdir(elsewhere)).toEqual(["journal.jsonl"]);
    expect(exitCode).toBe(1);
  });
});

describe("the default spool", () => {
  const environment = () => ({ XDG_STATE_HOME: join(root, "state"), MEETBOT_STORAGE_URI: `file:${join(root, "r")}` });
  const recoverDefault = (more: Record<string, string> = {}) =>
    runCommand(["recover", "--all"], { ...environment(), ...more });

  it("is refused if others can write to it, or if it is a link", async () => {
    const directory = join(root, "state", "meetbot-discord");
    await mkdir(directory, { recursive: true });
    expect((await recoverDefault()).exitCode).toBe(0);
    await chmod(directory, 0o777);
    const open = await recoverDefault();
    expect(open.stderr).toMatch(/the default spool .* can be written to by other users, expected a folder that only/);
    expect(open.exitCode).toBe(1);
    await chmod(directory, 0o700);
    await rename(directory, join(root, "moved"));
    await symlink(join(root, "moved"), directory);
    const linked = await recoverDefault();
    expect(linked.stderr).toContain("is a link, expected a folder");
    expect(linked.exitCode).toBe(1);
  });

  it.each([
    ["a file", (path: string) => writeFile(path, ""), "is not a folder, expected"],
    ["a link to nowhere", (path: string) => symlink("/no/such/folder", path), "is a link"],
  ])("is refused in one sentence if it is %s", async (_, make, sentence) => {
    const directory = join(root, "state", "meetbot-discord");
    await mkdir(dirname(directory), { recursive: true });
    await make(directory);
    const record = await runCommand(["record", "100000000000000001", "100000000000000002"], {
      ...environment(),
      DISCORD_BOT_TOKEN: "MTIzNDU2Nzg5MDEyMzQ1Njc4.GNever.used-because-nothing-is-joined",
    });
    for (const { exitCode, stderr } of [await recoverDefault(), record]) {
      expect(stderr).toContain(`${directory} ${sentence}`);
      expect(stderr).not.toContain("EEXIST");
      expect(exitCode).toBe(1);
    }
  });

  it.skipIf(process.geteuid?.() !== 0)("is refused if another user owns it", async () => {
    const directory = join(root, "state", "meetbot-discord");
    await mkdir(directory, { recursive: true });
    await chown(directory, 12_345, 12_345);
    const { exitCode, stderr } = await recoverDefault();
    expect(stderr).toContain("belongs to another user (uid 12345)");
    expect(exitCode).toBe(1);
  });

  it("of earlier versions is named if it still holds jobs of ours", async () => {
    const former = join(root, "tmp dir", "meetbot-discord");
    await mkdir(join(former, "job_1"), { recursive: true });
    await writeFile(join(former, "job_1", "journal.jsonl"), "");
    const { exitCode, stderr } = await recoverDefault({ TMPDIR: join(root, "tmp dir") });
    expect(exitCode).toBe(0);
    const [, command = ""] = /holds 1 unfinished job; to finish it: (.* recover --all '.*')"/.exec(stderr) ?? [];
    // The printed command is typed into a shell unchanged.
    const typed = await promisify(execFile)("sh", ["-c", command], {
      env: { ...environment(), PATH: process.env.PATH },
    });
    expect(typed.stderr).toContain(`1 unfinished job in ${former}"`);
    expect(existsSync(join(former, "job_1"))).toBe(false);
  });
});
