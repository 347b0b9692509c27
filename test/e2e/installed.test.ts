import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { NATIVE_PACKAGES } from "../../tools/bundled.ts";

const run = promisify(execFile);

const packed = z.tuple([z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) })]);

let work: string;
let tarball: string;
let files: readonly string[];

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), "meetbot-test-"));
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", work]);
  // What the build prints comes before it.
  const [{ filename, files: listed }] = packed.parse(JSON.parse(stdout.slice(stdout.indexOf("[\n"))));
  tarball = join(work, filename);
  files = listed.map(({ path }) => path);
}, 120_000);
afterAll(() => rm(work, { recursive: true }));

test("The package holds the bundle with its maps and licences, the SDK with its types, and no sources.", () => {
  const code = files.filter((path) => path.startsWith("dist/"));
  expect(code).toEqual(expect.arrayContaining(["dist/cli/main.js", "dist/cli/main.js.map", "dist/LICENSES.txt"]));
  expect(code.filter((path) => path.endsWith(".map") && !code.includes(path.slice(0, -".map".length)))).toEqual([]);
  const sources = files.filter((path) => /\.[cm]?ts$|^(src|tools)\//.test(path));
  expect(sources.filter((path) => !/^dist\/sdk\/[\w-]+\.d\.ts$/.test(path))).toEqual([]);
  expect(files).toEqual(expect.arrayContaining(["dist/sdk/index.js", "dist/sdk/index.d.ts"]));
  const documents = ["dist/llms.txt", "dist/llms-full.txt", "config/skill/meetbot-discord/SKILL.md"];
  expect(files).toEqual(expect.arrayContaining(documents));
  expect(files.filter((path) => path.startsWith("test/") && !path.startsWith("test/fixtures/standup/"))).toEqual([]);
});

test("Packing leaves the source's package.json as it was.", async () => {
  const source = JSON.parse(await readFile("package.json", "utf8"));
  expect(source.dependencies).toHaveProperty(["@discordjs/ws"]);
  expect(source.scripts).toHaveProperty("build");
  expect(existsSync("package.source.json")).toBe(false);
});

/** A program of a customer, as strict as `tsc` can be. */
const CONSUMER = `
import { createMeetbot, type FailureCode, MeetBot, MeetbotRateLimitError, readManifest, verifyWebhookSignature, type WebhookEvent } from "meetbot-discord/sdk";

const meetbot: MeetBot = createMeetbot({ apiKey: process.env.MEETBOT_API_KEY, baseUrl: "http://127.0.0.1:1", maxRetries: 0 });
const isGenuine: boolean = verifyWebhookSignature({ body: "", header: null, secret: "whsec_x" });
const codeOf = (event: WebhookEvent): FailureCode | undefined => event.event === "job.failed" ? event.data.failure_code : undefined;
try {
  const job = await meetbot.dispatchBot({ externalId: "first", joinAt: undefined });
  const ended: "completed" | undefined = job.status === "completed" ? job.status : undefined;
  for await (const { externalId } of await meetbot.listBots()) console.log(externalId?.length, ended);
  const { manifest, files } = await meetbot.getRecording(job.id);
  for (const { speakerId, startOffsetMs } of readManifest(manifest).tracks) console.log(speakerId, startOffsetMs.toFixed());
  for (const file of files) for await (const chunk of meetbot.downloadFile(job.id, file)) console.log(chunk.byteLength);
  for await (const message of meetbot.watchJob(job.id)) if (message.event === "job.live") console.log(message.data.participants);
} catch (error) {
  if (error instanceof MeetbotRateLimitError) console.log(error.retryAfterSeconds);
  console.log(error instanceof Error ? error.name : error, isGenuine, codeOf.length);
}
// @ts-expect-error a field that there is not
const wrong = () => meetbot.dispatchBot({ meetingURL: "discord://1/2" });
console.log(wrong.length);
`;

test("A program in TypeScript uses the SDK of the package: its types are complete, and it runs.", async () => {
  const consumer = join(work, "consumer");
  const own = join(consumer, "node_modules/meetbot-discord");
  await mkdir(own, { recursive: true });
  await run("tar", ["-xzf", tarball, "-C", own, "--strip-components=1"]);
  await writeFile(join(consumer, "package.json"), '{"type":"module"}');
  await writeFile(join(consumer, "main.ts"), CONSUMER);
  const node = dirname(createRequire(import.meta.url).resolve("@types/node/package.json"));
  await symlink(dirname(node), join(consumer, "node_modules/@types"));
  for (const [module, moduleResolution] of [
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
  ]) {
    const options = { module, moduleResolution, target: "es2024", strict: true, exactOptionalPropertyTypes: true };
    const compilerOptions = { ...options, types: ["node"], noEmit: true, skipLibCheck: false };
    await writeFile(join(consumer, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["main.ts"] }));
    await run(resolve("node_modules/.bin/tsc"), ["-p", consumer]).catch(({ stdout }: { stdout: string }) => {
      throw new Error(stdout);
    });
  }
  const { stdout } = await run(process.execPath, ["main.ts"], {
    cwd: consumer,
    env: { MEETBOT_API_KEY: "mb_test_1", NO_COLOR: "1" },
  });
  expect(stdout).toBe("MeetbotConnectionError false 1\n0\n");
}, 120_000);

/** Size of all files in a folder. */
async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size),
  );
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

test("Installed into an empty prefix, the program plays its demo and makes the report.", async ({ skip }) => {
  const prefix = join(work, "prefix");
  const installing = run("npm", ["install", "--global", "--prefix", prefix, "--prefer-offline", tarball]);
  await installing.catch((error: { stderr: string }) => {
    if (process.env.CI === "true" || !/ENOTFOUND|ECONN|ETIMEDOUT|EAI_AGAIN/.test(error.stderr)) throw error;
    skip("the registry cannot be reached");
  });
  const root = join(prefix, "lib/node_modules/meetbot-discord");
  const shipped = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  expect(Object.keys(shipped.dependencies)).toEqual(NATIVE_PACKAGES);
  expect(shipped).not.toHaveProperty("private");
  expect(await bytesIn(root)).toBeLessThan(45e6);

  const env = { PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`, HOME: work };
  const program = join(prefix, "bin/meetbot-discord");
  const { stdout: version } = await run(program, ["--version"], { env, cwd: work });
  expect(version.trim()).toBe(shipped.version);
  const { stdout } = await run(program, ["demo"], { env, cwd: work });
  expect(stdout).toContain("packets: 1846 written, 0 lost");
  const [job = ""] = await readdir(join(work, "recordings"));
  await rm(join(work, "recordings", job, "report.html"));
  await run(program, ["report", join("recordings", job)], { env, cwd: work });
  expect(await readFile(join(work, "recordings", job, "report.html"), "utf8")).toContain("<title>");
  expect(await sandboxJob(program, env)).toEqual(expect.arrayContaining(["recording", "cancelled"]));
}, 300_000);

/** Starts the installed service, and records the example call with its first key. @returns the statuses of the job */
async function sandboxJob(program: string, env: Readonly<Record<string, string>>): Promise<string[]> {
  const service = spawn(program, ["serve"], {
    env: { ...env, MEETBOT_SERVICE_DATA_DIR: join(work, "service"), MEETBOT_SERVICE_PORT: "0" },
    cwd: work,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(service, "exit");
  try {
    let said = "";
    for await (const chunk of service.stdout) {
      said += chunk;
      if (/http:\/\/[\d.]+:\d+/.test(said)) break;
    }
    const [key, address] = [/mb_test_\w+/, /http:\/\/[\d.]+:\d+/].map((form) => form.exec(said)?.[0]);
    const ask = (path: string, init: RequestInit = {}) =>
      fetch(`${address}/api/v1/jobs${path}`, {
        ...init,
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      });
    const { id } = z.object({ id: z.string() }).parse(await (await ask("", { method: "POST", body: "{}" })).json());
    const statuses: string[] = [];
    for await (const chunk of (await ask(`/${id}/events`)).body ?? []) {
      const text = Buffer.from(chunk).toString("utf8");
      const news = [...text.matchAll(/"status":"(\w+)","previousStatus"/g)].map(([, status = ""]) => status);
      statuses.push(...news);
      // The whole call would take 40 s.
      if (news.includes("recording")) await ask(`/${id}`, { method: "DELETE", body: "{}" });
    }
    return statuses;
  } finally {
    service.kill("SIGTERM");
    await ended;
  }
}
