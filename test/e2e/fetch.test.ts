import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { recordInMemory } from "../support/memory-recording.ts";
import type { S3Server } from "../support/radosgw.ts";
import { missingS3, TestBucket } from "../support/s3-bucket.ts";
import { S3Proxy } from "../support/s3-proxy.ts";
import { s3Server } from "../support/s3-shared.ts";
import { runCommand, startCommand } from "../support/worker.ts";

describe.skipIf(missingS3())("fetch", () => {
  let server: S3Server;
  let bucket: TestBucket;
  let files: ReadonlyMap<string, Buffer>;
  let audio: string;
  let directory: string;

  const job = () => `s3://${bucket.name}/calls/job_1`;
  const fetchJob = (changes: Record<string, string> = {}, uri = job()) =>
    runCommand(["fetch", uri, directory], { ...bucket.environment("calls"), ...changes });
  const fill = async (into: TestBucket, contents: ReadonlyMap<string, Buffer>) => {
    for (const [name, content] of contents) await into.put(`calls/job_1/${name}`, content);
  };
  const expectWhole = async () => {
    expect((await readdir(directory)).sort()).toEqual([...files.keys()].sort());
    for (const [name, content] of files) expect(await readFile(join(directory, name))).toEqual(content);
  };

  beforeAll(async () => {
    server = await s3Server();
    bucket = await TestBucket.create(server);
    ({ files } = await recordInMemory());
    audio = [...files.keys()].find((name) => name.endsWith(".ogg")) ?? "";
    await fill(bucket, files);
  });

  beforeEach(async () => {
    directory = join(await mkdtemp(join(tmpdir(), "meetbot-test-")), "job_1");
  });

  it("downloads every file bit for bit and no other file, and names the next command", async () => {
    const { exitCode, stdout, stderr } = await fetchJob();
    expect(stdout).toBe(`${directory}\n`);
    expect(stderr).toMatch(
      /^\d+ files, [\d.]+ MB\nnext, one of:\n {2}\S+ \S+ verify \S+job_1\n {2}\S+ \S+ report \S+job_1\n {2}\S+ \S+ export \S+job_1\n$/,
    );
    expect(exitCode).toBe(0);
    await expectWhole();
    expect((await runCommand(["verify", directory], {})).exitCode).toBe(0);
  });

  it("continues where it stopped, and does not download complete files again", async () => {
    await fetchJob();
    await rm(join(directory, "manifest.json"));
    await rm(join(directory, "chat.jsonl"));
    const proxy = await S3Proxy.start(server.endpoint);
    const { exitCode, stderr } = await fetchJob({ MEETBOT_S3_ENDPOINT: proxy.endpoint });
    await proxy.close();
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^4 files, [\d.]+ MB, 2 of them were already here\n/);
    expect(proxy.requests.filter(({ path }) => path.includes(audio))).toEqual([]);
    await expectWhole();
  });

  it("keeps a file whose content differs, and then downloads nothing", async () => {
    await fetchJob();
    await rm(join(directory, "manifest.json"));
    await writeFile(join(directory, audio), "mine");
    const { exitCode, stderr } = await fetchJob();
    expect(stderr).toBe(
      `meetbot-discord: ${directory}: ${audio} is there with another content than the job's and left as it is; remove it, or name another folder\n`,
    );
    expect(exitCode).toBe(1);
    expect(await readFile(join(directory, audio), "utf8")).toBe("mine");
    expect(await readdir(directory)).not.toContain("manifest.json");
  });

  it("keeps no damaged file, and writes no manifest that lists one", async () => {
    const damaged = await TestBucket.create(server);
    const content = Buffer.from(files.get(audio) ?? "");
    content[content.length >> 1] = (content[content.length >> 1] ?? 0) ^ 1;
    await fill(damaged, new Map([...files, [audio, content]]));
    const { exitCode, stderr } = await fetchJob({}, `s3://${damaged.name}/calls/job_1`);
    expect(stderr).toMatch(new RegExp(`not everything could be fetched:\n  - ${audio}: .*sha256`));
    expect(exitCode).toBe(1);
    expect((await readdir(directory)).sort()).toEqual(["chat.jsonl", "events.jsonl"]);
  });

  it("retries if the storage is busy, a connection breaks, or bytes are damaged on the way", async () => {
    const proxy = await S3Proxy.start(server.endpoint);
    const path = new RegExp(audio);
    proxy.fault({ kind: "answer", status: 503, code: "SlowDown" }, { path, times: 1 });
    proxy.fault({ kind: "reset" }, { path, times: 1 });
    proxy.fault({ kind: "corrupt_answer" }, { path, times: 1 });
    const { exitCode } = await fetchJob({ MEETBOT_S3_ENDPOINT: proxy.endpoint });
    await proxy.close();
    expect(exitCode).toBe(0);
    await expectWhole();
  });

  it("leaves no partial file if interrupted, and the next run finishes", async () => {
    const proxy = await S3Proxy.start(server.endpoint);
    proxy.fault({ kind: "stall" }, { path: new RegExp(audio) });
    const running = startCommand(["fetch", job(), directory], bucket.environment("calls", proxy.endpoint));
    while ((await readdir(directory).catch(() => [])).every((name) => !name.includes(".partial-"))) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    running.kill("SIGINT");
    const { exitCode, stderr } = await running.result;
    await proxy.close();
    expect(stderr).toBe(
      "meetbot-discord: interrupted: complete files are kept; run the same command again to continue\n",
    );
    expect(exitCode).toBe(130);
    expect((await readdir(directory)).filter((name) => !files.has(name) || name === "manifest.json")).toEqual([]);
    expect((await fetchJob()).exitCode).toBe(0);
    await expectWhole();
  });

  it("refuses a manifest that names a file outside the job's folder", async () => {
    const hostile = await TestBucket.create(server);
    const manifest = (files.get("manifest.json")?.toString("utf8") ?? "").replaceAll(
      /"speakerId": "\d+"/g,
      '"speakerId": "/../../../evil"',
    );
    await fill(hostile, new Map([...files, ["manifest.json", Buffer.from(manifest)]]));
    const { exitCode, stderr } = await fetchJob({}, `s3://${hostile.name}/calls/job_1`);
    expect(stderr).toMatch(/manifest\.json: not a manifest .*speakerId: expected an id of 1 to 20 digits.*\n$/);
    expect(exitCode).toBe(1);
  });

  it.each<[string, number, RegExp, () => string, Record<string, string>]>([
    [
      "no address in a bucket",
      1,
      /"recordings\/job_1" is not an address in a bucket, expected s3:/,
      () => "recordings/job_1",
      {},
    ],
    [
      "a malformed address",
      1,
      /"s3:nowhere" is not the address of a job in a bucket, expected s3:/,
      () => "s3:nowhere",
      {},
    ],
    ["no such job", 1, /nothing is there; give the address of one job/, () => `s3://${bucket.name}/calls/nothing`, {}],
    ["no such bucket", 1, /NoSuchBucket/, () => "s3://nobody-has-made-this/job", {}],
    [
      "a wrong secret",
      3,
      /auth_failure \(customer\): .*SignatureDoesNotMatch/,
      job,
      { AWS_SECRET_ACCESS_KEY: "wrong-one" },
    ],
    [
      "nobody at the endpoint",
      2,
      /network_loss \(platform\): .*ECONNREFUSED/,
      job,
      { MEETBOT_S3_ENDPOINT: "http://127.0.0.1:9" },
    ],
  ])("says what is wrong with %s, exit %i", async (_, code, sentence, uri, changes) => {
    const { exitCode, stdout, stderr } = await fetchJob(changes, uri());
    expect(stderr).toMatch(sentence);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(stdout).toBe("");
    expect(exitCode).toBe(code);
  });

  it("reports a job without a manifest as unfinished, exit 1", async () => {
    const unfinished = await TestBucket.create(server);
    await unfinished.put(`calls/job_1/${audio}`, files.get(audio) ?? Buffer.alloc(0));
    const { exitCode, stderr } = await fetchJob({}, `s3://${unfinished.name}/calls/job_1`);
    expect(stderr).toMatch(/^meetbot-discord: manifest\.json: missing; the job is not finished/);
    expect(exitCode).toBe(1);
  });
});
