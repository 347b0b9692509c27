import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readFixture } from "../../src/fixture/read-fixture.ts";
import { type Loopback, startLoopback } from "../../src/loopback/loopback.ts";
import { missing } from "../support/audio-programs.ts";
import { expectEveryPacket, expectOpusinfoAccepts } from "../support/judge.ts";
import type { S3Server } from "../support/radosgw.ts";
import { missingS3, TestBucket } from "../support/s3-bucket.ts";
import { S3Proxy } from "../support/s3-proxy.ts";
import { s3Server } from "../support/s3-shared.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { type Recorded, recordFixture, runCommand } from "../support/worker.ts";

const STANDUP = fileURLToPath(new URL("../fixtures/standup", import.meta.url));
const ADA = person(1);

describe.skipIf(missingS3())("a bucket", () => {
  let server: S3Server;

  beforeAll(async () => {
    server = await s3Server();
  });

  describe("receives the shipped call", () => {
    let bucket: TestBucket;
    let recorded: Recorded;
    const verify = () => runCommand(["verify", `s3://${bucket.name}/calls/test`], bucket.environment("calls"));

    beforeAll(async () => {
      bucket = await TestBucket.create(server);
      recorded = await recordFixture(await readFixture(STANDUP), {
        environment: { ...bucket.environment("calls"), MEETBOT_LOG_LEVEL: "trace" },
        fetch: (directory) => bucket.fetchInto(directory),
      });
    }, 120_000);

    it("complete, with every packet, and nothing else", async () => {
      const { exitCode, stdout, manifest } = recorded;
      expect(exitCode).toBe(0);
      expect(stdout.trim()).toBe(`s3://${bucket.name}/calls/test/manifest.json`);
      await expectEveryPacket(await readFixture(STANDUP), recorded);
      const uris = [manifest.eventsUri, manifest.chatUri, ...manifest.tracks.map(({ uri }) => uri), stdout.trim()];
      const keys = (await bucket.keys()).map((key) => `s3://${bucket.name}/${key}`);
      expect(keys.toSorted()).toEqual(uris.toSorted());
      expect(await bucket.unfinishedUploads()).toEqual([]);
    });

    it.skipIf(missing("opusinfo"))("in files that opusinfo accepts", () => expectOpusinfoAccepts(recorded));

    it("without its credentials in any output, at trace level, in any form", () => {
      const { secretAccessKey, accessKeyId } = server;
      for (const text of [recorded.stdout, recorded.stderr, JSON.stringify(recorded.manifest)]) {
        for (const secret of [
          secretAccessKey,
          accessKeyId,
          Buffer.from(secretAccessKey).toString("base64").slice(0, 20),
        ]) {
          expect(text).not.toContain(secret);
        }
      }
    });

    it("in a state that verify accepts, and verify finds later damage and missing files", async () => {
      const clean = await verify();
      expect(clean.stdout).toBe(`s3://${bucket.name}/calls/test: all 16 files are as the manifest says\n`);
      expect(clean.exitCode).toBe(0);

      const [damaged = "", gone = ""] = (await bucket.keys()).filter((key) => key.endsWith(".ogg"));
      const content = (await bucket.get(damaged)) ?? Buffer.alloc(0);
      content[content.length >> 1] = (content[content.length >> 1] ?? 0) ^ 1;
      await bucket.put(damaged, content);
      await bucket.remove(gone);
      const faulty = await verify();
      expect(faulty.stderr).toMatch(new RegExp(`^${basename(damaged)}: sha256 `, "m"));
      expect(faulty.stderr).toContain(`${basename(gone)}: missing\n`);
      expect(faulty.exitCode).toBe(1);
    });
  });

  describe("that cannot be used is reported before the bot joins", () => {
    let bucket: TestBucket;
    let loopback: Loopback;
    let workDir: string;

    beforeAll(async () => {
      bucket = await TestBucket.create(server);
      workDir = await mkdtemp(join(tmpdir(), "meetbot-test-"));
      loopback = await startLoopback({ fixture: toneCall([{ user: ADA, speaksFromMs: 0, packetCount: 1 }]), workDir });
    });

    afterAll(() => loopback.close());

    it.each<[string, number, RegExp, Record<string, string>]>([
      [
        "no such bucket",
        1,
        /^meetbot-discord: MEETBOT_STORAGE_URI: .* NoSuchBucket/,
        { MEETBOT_STORAGE_URI: "s3://nobody-has-made-this" },
      ],
      [
        "no region",
        1,
        /^meetbot-discord: MEETBOT_STORAGE_URI: .* Region is missing.*MEETBOT_S3_REGION/,
        { MEETBOT_S3_REGION: "" },
      ],
      [
        "a wrong secret",
        3,
        /^meetbot-discord: auth_failure \(customer\): .* SignatureDoesNotMatch; check AWS_ACCESS_KEY_ID/,
        { AWS_SECRET_ACCESS_KEY: "another-recognisable-secret" },
      ],
      [
        "an unknown key",
        3,
        /auth_failure \(customer\): .* InvalidAccessKeyId/,
        { AWS_ACCESS_KEY_ID: "AKNOBODYKNOWSTHISKEY" },
      ],
      [
        "no credentials",
        3,
        /auth_failure \(customer\): .* Could not load credentials/,
        { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" },
      ],
      [
        "nobody at the endpoint",
        2,
        /network_loss \(platform\): .*ECONNREFUSED/,
        { MEETBOT_S3_ENDPOINT: "http://127.0.0.1:9" },
      ],
    ])("%s: exit %i", async (_, code, sentence, changes) => {
      const { exitCode, stderr } = await runCommand(["record"], {
        MEETBOT_SPOOL_DIR: join(workDir, "spool"),
        MEETBOT_LOG_LEVEL: "silent",
        ...bucket.environment("calls"),
        ...changes,
        ...loopback.environment,
      });
      expect(stderr).toMatch(sentence);
      expect(stderr).not.toContain("recognisable");
      expect(stderr.trimEnd().split("\n")).toHaveLength(1);
      expect(exitCode).toBe(code);
      expect(loopback.log).toEqual([]);
    });

    it.each<[string, number, RegExp, string, Record<string, string>]>([
      [
        "no such bucket",
        1,
        /cannot use s3:\/\/nobody-has-made-this\/job\/: NoSuchBucket/,
        "s3://nobody-has-made-this/job",
        {},
      ],
      ["no such job", 1, /\/calls\/nothing\/: nothing is there; give the address of one job/, "", {}],
      [
        "a wrong secret",
        3,
        /auth_failure \(customer\): .* SignatureDoesNotMatch/,
        "",
        { AWS_SECRET_ACCESS_KEY: "wrong-one" },
      ],
      [
        "no address",
        1,
        /"s3:nowhere" is not the address of a job in a bucket, expected s3:\/\/BUCKET\/PREFIX/,
        "s3:nowhere",
        {},
      ],
    ])("by verify too: %s, exit %i", async (_, code, sentence, uri, changes) => {
      const job = uri === "" ? `s3://${bucket.name}/calls/nothing` : uri;
      const { exitCode, stderr } = await runCommand(["verify", job], { ...bucket.environment("calls"), ...changes });
      expect(stderr).toMatch(sentence);
      expect(exitCode).toBe(code);
    });
  });

  describe("that becomes unreachable", () => {
    const call = toneCall([
      {
        user: ADA,
        leavesAtMs: 6_000,
        speaksFromMs: 100,
        packetCount: 150,
        pause: { afterPackets: 20, durationMs: 2_500 },
      },
    ]);

    it("for a while loses nothing: waiting files are stored when it is back", async () => {
      const bucket = await TestBucket.create(server);
      const proxy = await S3Proxy.start(server.endpoint);
      const recorded = await recordFixture(call, {
        environment: bucket.environment("calls", proxy.endpoint),
        during: async (worker) => {
          await worker.until("state: recording");
          await proxy.refuse();
          await worker.until("upload attempt failed");
          await proxy.accept();
          proxy.fault({ kind: "answer", status: 503, code: "SlowDown" }, { method: "PUT", times: 2 });
        },
        fetch: (directory) => bucket.fetchInto(directory),
      });
      await proxy.close();
      expect(recorded.exitCode).toBe(0);
      await expectEveryPacket(call, recorded);
      const { exitCode, stderr } = await runCommand(
        ["verify", `s3://${bucket.name}/calls/test`],
        bucket.environment("calls"),
      );
      expect([exitCode, stderr]).toEqual([0, ""]);
    });

    it("for good leaves everything in the spool, exit 5, and recover finishes it", async () => {
      const bucket = await TestBucket.create(server);
      const proxy = await S3Proxy.start(server.endpoint);
      const environment = bucket.environment("calls", proxy.endpoint);
      const spool = await mkdtemp(join(tmpdir(), "meetbot-test-"));
      const recorded = await recordFixture(call, {
        environment: { ...environment, MEETBOT_SPOOL_DIR: spool, MEETBOT_SHUTDOWN_GRACE_SECONDS: "1" },
        during: async (worker) => {
          await worker.until("state: recording");
          await proxy.refuse();
          await worker.until("upload attempt failed");
          worker.kill("SIGTERM");
          expect((await worker.result).exitCode).toBe(5);
          expect(await bucket.keys()).not.toContain("calls/test/manifest.json");
          await proxy.accept();
          const { exitCode, stdout } = await runCommand(["recover", join(spool, "test")], environment);
          expect(stdout).toBe(`s3://${bucket.name}/calls/test/manifest.json\n`);
          expect(exitCode).toBe(0);
        },
        fetch: (directory) => bucket.fetchInto(directory),
      });
      await proxy.close();
      expect(recorded.manifest.exitReason).toBe("shutdown");
      const { exitCode, stderr } = await runCommand(
        ["verify", `s3://${bucket.name}/calls/test`],
        bucket.environment("calls"),
      );
      expect([exitCode, stderr]).toEqual([0, ""]);
    });
  });
});
