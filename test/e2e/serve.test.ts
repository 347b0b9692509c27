import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { missing } from "../support/audio-programs.ts";
import { freePorts } from "../support/free-ports.ts";
import {
  newKey,
  onFolder,
  ServeProcess,
  ServiceClient,
  type ServiceFolder,
  serviceFolder,
} from "../support/serve-process.ts";
import { WORKER_ARGUMENTS } from "../support/shipped-worker.ts";
import { startCommand } from "../support/worker.ts";

const run = promisify(execFile);

/** Names, modes and sizes of the files that a start could make; the database's log changes all the time. */
async function filesOf({ data }: ServiceFolder): Promise<string[]> {
  const names = (await readdir(data)).filter((name) => !name.startsWith("service.db-"));
  return await Promise.all(
    names.sort().map(async (name) => {
      const { mode, size, mtimeMs } = await stat(join(data, name));
      return `${name} ${mode.toString(8)} ${size} ${name === "service.db" ? "" : mtimeMs}`;
    }),
  );
}

describe("a second service on a data folder", () => {
  it("ends with one sentence that names folder and process, changes nothing, and can start after kill -9", async () => {
    const folder = await serviceFolder();
    const first = await ServeProcess.start(folder);
    const pid = JSON.parse(await readFile(join(folder.data, "service.pid"), "utf8")).pid;
    const before = await filesOf(folder);
    const second = await startCommand(["serve"], folder.environment).result;
    expect(second.exitCode).toBe(1);
    expect(second.stdout).toBe("");
    expect(second.stderr.trim().split("\n")).toHaveLength(1);
    expect(JSON.parse(second.stderr).msg).toBe(
      `MEETBOT_SERVICE_DATA_DIR: ${folder.data} is in use by process ${pid}; one service at a time may have a data folder, so stop that one, or name another folder`,
    );
    expect(await filesOf(folder)).toEqual(before);
    await first.end("SIGKILL");
    const third = await ServeProcess.start(folder);
    expect(third.address).toBe(first.address);
    expect((await third.end("SIGTERM")).exitCode).toBe(0);
  });
});

describe("the first start", () => {
  it.skipIf(missing("curl"))("shows a key once, and lines for a shell that work as they are", async () => {
    const folder = await serviceFolder(400);
    const running = startCommand(["serve"], folder.environment);
    const shown = await running.untilOutput("?externalId=first");
    await running.until("the service listens");
    const lines = shown.split("\n").filter((line) => line.startsWith("  "));
    expect(lines).toHaveLength(3);
    const { stdout } = await run("bash", ["-e", "-c", lines.join("\necho\n")]);
    const [, made = "", listed = ""] = stdout.split("\n");
    const job = JSON.parse(made);
    expect(job).toMatchObject({ externalId: "first", status: expect.stringMatching(/queued|joining/) });
    expect(JSON.parse(listed).data).toMatchObject([{ id: job.id }]);
    running.kill("SIGTERM");
    const first = await running.result;
    expect(first.exitCode).toBe(0);
    const again = await ServeProcess.start(folder);
    const key = /mb_test_\w+/.exec(shown)?.[0] ?? "";
    await again.until(key, job.id, "completed");
    const { stdout: silent, stderr } = await again.end("SIGTERM");
    expect(silent).toBe("");
    expect(first.stderr + stderr).not.toContain(key);
  });
});

describe("keys", () => {
  it("are made, listed, rotated and revoked while the service runs, and a revoked one is refused at once", async () => {
    const folder = await serviceFolder();
    const service = await ServeProcess.start(folder);
    const { key, id } = await newKey(folder, "live");
    expect(await service.ask(key, "GET", "/api/v1/consumer")).toMatchObject({ name: "acme" });
    const { stdout } = await onFolder(folder, "keys", "ls");
    const line = stdout.split("\n").find((each) => each.startsWith(id)) ?? "";
    expect(line.split("  ").slice(1)).toEqual([`${key.slice(0, 14)}…`, "acme", "key", "customer", "10 jobs", "valid"]);
    expect(stdout).not.toContain(key);
    const rotated = await onFolder(folder, "keys", "rotate-secret", id, "--overlap-hours", "1");
    expect(rotated.stdout).toMatch(
      /^webhook secret: whsec_\S+\nIt is shown only now\. The secret before is valid until 20/,
    );
    const { previousSecretValidUntil } = (await service.ask(key, "GET", "/api/v1/consumer")).key;
    expect(rotated.stdout).toContain(previousSecretValidUntil);
    const again = await onFolder(folder, "keys", "rotate-secret", id);
    expect([again.exitCode, again.stderr]).toEqual([
      1,
      `meetbot-discord: two webhook secrets of this key are valid until ${previousSecretValidUntil}; wait until then, or replace both with an overlap of 0 hours\n`,
    ]);
    expect((await onFolder(folder, "keys", "rotate-secret", id, "--overlap-hours", "169")).exitCode).toBe(1);
    const replaced = await onFolder(folder, "keys", "rotate-secret", id, "--overlap-hours", "0");
    expect(replaced.stdout).toContain("The secret before is no longer valid.");
    expect((await onFolder(folder, "keys", "revoke", id)).stdout).toBe(`${id} is revoked\n`);
    expect(await service.ask(key, "GET", "/api/v1/consumer")).toBe(401);
    expect((await onFolder(folder, "keys", "ls")).stdout).toMatch(new RegExp(`^${id} .* revoked 20`, "m"));
    const unknown = await onFolder(folder, "keys", "revoke", "key_none");
    expect([unknown.exitCode, unknown.stderr]).toEqual([
      1,
      "meetbot-discord: there is no key key_none, expected an id that keys ls shows\n",
    ]);
  });
});

describe("a service that is started again while a worker records", () => {
  it("listens where the worker reports, also with port 0, and refuses another port until the job is over", async () => {
    const folder = await serviceFolder();
    const first = await ServeProcess.start(folder);
    const { key } = await newKey(folder, "test");
    const job = await first.ask(key, "POST", "/api/v1/jobs", { autoLeave: { afterSoloSeconds: 1 } });
    await first.until(key, job.id, "recording");
    // As systemd ends it with KillMode=process: only the service gets the signal.
    expect((await first.end("SIGTERM")).exitCode).toBe(0);
    const [port] = await freePorts(1);
    const refused = await startCommand(["serve"], { ...folder.environment, MEETBOT_SERVICE_PORT: String(port) }).result;
    expect([refused.exitCode, JSON.parse(refused.stderr).msg]).toEqual([
      1,
      `MEETBOT_SERVICE_HOST and MEETBOT_SERVICE_PORT: 1 worker of the last start reports to ${first.address}; listen there until their jobs are over`,
    ]);
    const second = await ServeProcess.start(folder);
    expect(second.address).toBe(first.address);
    await second.until(key, job.id, "completed");
    expect(await second.ask(key, "GET", `/api/v1/jobs/${job.id}`)).toMatchObject({ status: "completed" });
  });
});

/** A PID namespace, as a container has. */
const IN_CONTAINER = [
  ...(process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"]),
  "--pid",
  "--fork",
  "--mount-proc",
];

describe("a service that is the first process of a container", () => {
  it.skipIf(missing("unshare"))(
    "ends its workers in order before it ends, because they would be killed with it",
    async () => {
      const folder = await serviceFolder(20_000);
      const container = spawn("unshare", [...IN_CONTAINER, process.execPath, ...WORKER_ARGUMENTS, "serve"], {
        env: { PATH: process.env.PATH, ...folder.environment },
        stdio: ["ignore", "ignore", "pipe"],
      });
      const exit = once(container, "exit");
      onTestFinished(() => void container.kill("SIGKILL"));
      let log = "";
      container.stderr.on("data", (chunk: Buffer) => {
        log += chunk.toString("utf8");
      });
      await expect.poll(() => log, { timeout: 60_000 }).toContain("the service listens");
      const address = /"address":"([^"]+)"/.exec(log)?.[1] ?? "";
      const { key } = await newKey(folder, "test");
      const service = new ServiceClient(address);
      const job = await service.ask(key, "POST", "/api/v1/jobs", {});
      await service.until(key, job.id, "recording");
      const { stdout } = await run("ps", ["--ppid", String(container.pid), "-o", "pid="]);
      process.kill(Number(stdout), "SIGTERM");
      expect((await exit)[0], log).toBe(0);
      const again = await ServeProcess.start(folder);
      expect(await again.ask(key, "GET", `/api/v1/jobs/${job.id}`)).toMatchObject({
        status: "completed",
        exitReason: "shutdown",
      });
      expect(await again.ask(key, "GET", `/api/v1/recordings/${job.id}`)).toMatchObject({
        manifest: { jobId: job.id },
      });
    },
  );
});
