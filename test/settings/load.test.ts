import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigError } from "../../src/errors.ts";
import { loadConfig } from "../../src/settings/load.ts";
import {
  CHANNEL_ID,
  COMPLETE,
  fileWith,
  GUILD_ID,
  load,
  MEETING_URL,
  problemsOf,
  problemsWith,
  TOKEN,
} from "../support/settings-of.ts";

describe("the defaults", () => {
  test("apply if only token and channel are given", () => {
    const config = load({});
    expect(config).toEqual({
      token: TOKEN,
      guildId: GUILD_ID,
      downloadAttachments: false,
      attachments: { maxFileBytes: 25_000_000, maxTotalBytes: 1_000_000_000 },
      channelId: CHANNEL_ID,
      textChannelId: undefined,
      jobId: config.jobId,
      externalId: undefined,
      storage: { kind: "file", directory: resolve("recordings") },
      s3Credentials: undefined,
      spoolSpace: { lowBytes: 1_000_000_000, stopBytes: 100_000_000 },
      s3Endpoint: undefined,
      spool: { directory: join(homedir(), ".local/state/meetbot-discord"), isDefault: true },
      autoLeave: { entryDelayMs: 300_000, soloMs: 60_000, silenceMs: 900_000, maxMs: 14_400_000, onBotDetected: false },
      rotate: "utterance",
      rotateSilenceSeconds: 2,
      maxPartSeconds: 600,
      shutdownGraceMs: 25_000,
      webhook: undefined,
      ingest: undefined,
      http: undefined,
      onMoved: "follow",
      takeover: false,
      recordPlaintext: false,
      batchedReceive: true,
      consent: {
        mode: "notice",
        startText: undefined,
        endText: undefined,
        silentStart: false,
        silentEnd: false,
        audio: undefined,
        nicknamePrefix: undefined,
        language: "en",
        noticeMessage: undefined,
        answered: { granted: [], declined: [] },
      },
      discordApi: undefined,
      captureDirectory: undefined,
      logLevel: "info",
      secrets: [TOKEN],
    });
  });

  test("name each job differently, with a ULID", () => {
    const [one, other] = [load({}).jobId, load({}).jobId];
    expect(one).toMatch(/^job_[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(other).not.toBe(one);
  });
});

describe("the channel", () => {
  test("can be given as two ids", () => {
    const ids = { DISCORD_BOT_TOKEN: TOKEN, DISCORD_GUILD_ID: GUILD_ID, DISCORD_CHANNEL_ID: CHANNEL_ID };
    expect(loadConfig({ environment: ids })).toMatchObject({ guildId: GUILD_ID, channelId: CHANNEL_ID });
  });

  test("can be given both ways if they agree", () => {
    const config = load({ DISCORD_GUILD_ID: GUILD_ID, DISCORD_CHANNEL_ID: CHANNEL_ID });
    expect(config).toMatchObject({ guildId: GUILD_ID, channelId: CHANNEL_ID });
  });

  test("is refused if URL and ids contradict each other", () => {
    expect(problemsWith({ DISCORD_CHANNEL_ID: "381870553235193000" })).toEqual([
      `MEETBOT_MEETING_URL is "${MEETING_URL}", but DISCORD_GUILD_ID and DISCORD_CHANNEL_ID name another channel`,
    ]);
  });

  test("given on the command line wins over every other way", () => {
    const config = load(
      { DISCORD_GUILD_ID: "11111111111111111" },
      { meetingUrl: `discord://${GUILD_ID}/99999999999999999` },
    );
    expect(config).toMatchObject({ guildId: GUILD_ID, channelId: "99999999999999999" });
  });

  test("of a wrong form on the command line is reported as such", () => {
    expect(problemsOf({ environment: COMPLETE, meetingUrl: "https://discord.com/channels/1/2" })).toEqual([
      'the channel to record is "https://discord.com/channels/1/2", expected discord://GUILD_ID/CHANNEL_ID, a link such as https://discord.com/channels/GUILD_ID/CHANNEL_ID, or both ids, of 17 to 20 digits each',
    ]);
  });

  test.each([
    ["nothing", {}],
    ["only the server", { DISCORD_GUILD_ID: GUILD_ID }],
    ["only the channel", { DISCORD_CHANNEL_ID: CHANNEL_ID }],
  ])("is required if %s is given", (_, environment) => {
    expect(problemsOf({ environment: { DISCORD_BOT_TOKEN: TOKEN, ...environment } })).toEqual([
      "no voice channel is given: set MEETBOT_MEETING_URL to discord://GUILD_ID/CHANNEL_ID, or DISCORD_GUILD_ID and DISCORD_CHANNEL_ID",
    ]);
  });

  test("is not required again if it was given in a wrong form", () => {
    const environment = { DISCORD_BOT_TOKEN: TOKEN, DISCORD_GUILD_ID: "1234", DISCORD_CHANNEL_ID: CHANNEL_ID };
    expect(problemsOf({ environment })).toEqual([
      'DISCORD_GUILD_ID is "1234", expected a Discord id of 17 to 20 digits',
    ]);
  });
});

describe("problems", () => {
  test("are reported all at once", () => {
    const environment = {
      MEETBOT_MEETING_URL: "discord://1/2",
      MEETBOT_ROTATE: "sometimes",
      MEETBOT_MAX_PART_SECONDS: "ten",
      MEETBOT_RECORD_VIDEO: "true",
    };
    const problems = problemsOf({ environment });
    expect(problems).toHaveLength(5);
    for (const name of [...Object.keys(environment), "DISCORD_BOT_TOKEN"]) {
      expect(problems.filter((problem) => problem.startsWith(name))).toHaveLength(1);
    }
  });

  test("make one message: a sentence for one, a list for several", () => {
    expect(new ConfigError(["the only one"]).message).toBe("the only one");
    expect(new ConfigError(["one", "two"]).message).toBe("2 problems:\n  - one\n  - two");
  });

  test.each([
    ["MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS", "ten", "a whole number of seconds from 0 to 86400"],
    ["MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS", "-1", "a whole number of seconds from 0 to 86400"],
    ["MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS", "1.5", "a whole number of seconds from 0 to 86400"],
    ["MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS", "1e3", "a whole number of seconds from 0 to 86400"],
    ["MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS", "60s", "a whole number of seconds from 0 to 86400"],
    ["MEETBOT_AUTO_LEAVE_AFTER_MAX_SECONDS", "604801", "a whole number of seconds from 0 to 604800"],
    ["MEETBOT_ROTATE_SILENCE_SECONDS", "0", "a whole number of seconds from 1 to 3600"],
    ["MEETBOT_MAX_PART_SECONDS", "9", "a whole number of seconds from 10 to 86400"],
    ["MEETBOT_SHUTDOWN_GRACE_SECONDS", "9".repeat(400), "a whole number of seconds from 1 to 3600"],
    ["MEETBOT_ROTATE", "Never", "one of utterance, duration, never"],
    ["MEETBOT_LOG_LEVEL", "verbose", "one of trace, debug, info, warn, error, silent"],
    ["MEETBOT_DISCORD_API", "127.0.0.1:8080", "an http:// or https:// address without user name and password"],
    ["MEETBOT_DISCORD_API", "ftp://127.0.0.1", "an http:// or https:// address without user name and password"],
    ["MEETBOT_HTTP_PORT", "65536", "a port number from 0 to 65535"],
    ["MEETBOT_HTTP_HOST", "localhost", "an IP address"],
    ["MEETBOT_STORAGE_URI", "recordings", "file:DIR, a folder on this machine, or s3://BUCKET/PREFIX"],
    [
      "MEETBOT_STORAGE_URI",
      "s3://My_Bucket/x",
      'file:DIR, a folder on this machine, or s3://BUCKET/PREFIX; the bucket\'s name "My_Bucket" has to be 3 to 63 lower-case letters, digits, dots and hyphens',
    ],
    ["MEETBOT_STORAGE_URI", "file:", "file:DIR, a folder on this machine, or s3://BUCKET/PREFIX"],
    ["MEETBOT_STORAGE_URI", "file://recordings", "file:DIR, a folder on this machine, or s3://BUCKET/PREFIX"],
    ["MEETBOT_S3_CHECKSUMS", "crc32", "one of sha256, none"],
    ["MEETBOT_S3_ENDPOINT", "minio:9000", "an http:// or https:// address without user name and password"],
    ["DISCORD_TEXT_CHANNEL_ID", "general", "a Discord id of 17 to 20 digits"],
    ["DISCORD_TEXT_CHANNEL_ID", "1234567890123456", "a Discord id of 17 to 20 digits"],
    ["DISCORD_TEXT_CHANNEL_ID", "123456789012345678901", "a Discord id of 17 to 20 digits"],
    [
      "MEETBOT_MEETING_URL",
      `${MEETING_URL}/x`,
      "discord://GUILD_ID/CHANNEL_ID, a link such as https://discord.com/channels/GUILD_ID/CHANNEL_ID, or both ids, of 17 to 20 digits each",
    ],
    ["MEETBOT_JOB_ID", "../../etc", "1 to 128 letters, digits and any of . _ : @ = + -"],
    ["MEETBOT_JOB_ID", "..", "1 to 128 letters, digits and any of . _ : @ = + -"],
    ["MEETBOT_JOB_ID", "a\u0000b", "1 to 128 letters, digits and any of . _ : @ = + -"],
    ["MEETBOT_EXTERNAL_ID", "x".repeat(129), "1 to 128 letters, digits and any of . _ : @ = + -"],
  ])("quote %s=%j and what is accepted", (name, value, accepted) => {
    expect(problemsWith({ [name]: value })).toEqual([`${name} is ${JSON.stringify(value)}, expected ${accepted}`]);
  });
});

describe("a secret in the wrong place is never quoted", () => {
  test("if it is in another setting", () => {
    for (const environment of [
      { DISCORD_TEXT_CHANNEL_ID: TOKEN },
      { DISCORD_BOT_TOKEN: "", DISCORD_GUILD_ID: TOKEN },
    ]) {
      const [problem = ""] = problemsWith(environment);
      expect(problem).toContain('is "[redacted]", expected a Discord id');
    }
  });

  test("if an address contains it", () => {
    for (const scheme of ["https", "ftp"]) {
      const [problem] = problemsWith({ MEETBOT_DISCORD_API: `${scheme}://user:recognisable@example.org/api` });
      expect(problem).toBe(
        `MEETBOT_DISCORD_API is "${scheme}://[redacted]@example.org/api", expected an http:// or https:// address without user name and password`,
      );
    }
  });
});

describe("values", () => {
  test.each([
    ["file:relative/folder", resolve("relative/folder")],
    ["file:/var/a%20b", "/var/a%20b"],
    ["file:///var/a%20b", "/var/a b"],
    ["file://localhost/var/x", "/var/x"],
  ])("of storage turn %s into a folder", (uri, directory) => {
    expect(load({ MEETBOT_STORAGE_URI: uri }).storage).toEqual({ kind: "file", directory });
  });

  test("of an S3 store are kept together, and its credentials separately, as secrets", () => {
    const credentials = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "recognisable", sessionToken: "session-token" };
    const config = load({
      MEETBOT_STORAGE_URI: "s3://bucket/calls",
      MEETBOT_S3_ENDPOINT: "http://127.0.0.1:9000",
      MEETBOT_S3_REGION: "auto",
      MEETBOT_S3_FORCE_PATH_STYLE: "true",
      MEETBOT_S3_CHECKSUMS: "none",
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY_FILE: fileWith("aws-secret", `${credentials.secretAccessKey}\n`),
      AWS_SESSION_TOKEN: credentials.sessionToken,
    });
    expect(config.storage).toEqual({
      kind: "s3",
      bucket: "bucket",
      prefix: "calls",
      endpoint: "http://127.0.0.1:9000",
      region: "auto",
      forcePathStyle: true,
      checksums: "none",
    });
    expect(config.s3Credentials).toEqual(credentials);
    expect(config.secrets).toEqual([TOKEN, ...Object.values(credentials)]);
  });

  test("of an S3 store are left to the AWS SDK by default", () => {
    const { storage, s3Credentials } = load({ MEETBOT_STORAGE_URI: "s3://bucket" });
    expect(storage).toEqual({ kind: "s3", bucket: "bucket", prefix: "", forcePathStyle: false, checksums: "sha256" });
    expect(s3Credentials).toBeUndefined();
  });

  test("of an S3 store's credentials come in pairs", () => {
    expect(problemsWith({ AWS_ACCESS_KEY_ID: "AKIAEXAMPLE" })).toEqual([
      "only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set, expected both or none",
    ]);
  });

  test("of health and metrics matter only if a port is given, which may be 0", () => {
    expect(load({ MEETBOT_HTTP_HOST: "::1" }).http).toBeUndefined();
    expect(load({ MEETBOT_HTTP_PORT: "8080" }).http).toMatchObject({ host: "127.0.0.1", port: 8080 });
    expect(load({ MEETBOT_HTTP_PORT: "0", MEETBOT_HTTP_HOST: "0.0.0.0" }).http).toMatchObject({
      host: "0.0.0.0",
      port: 0,
    });
    expect(load({ MEETBOT_HTTP_PORT: "0", MEETBOT_HTTP_ALLOWED_HOSTS: "One.example,two" }).http).toMatchObject({
      allowedHosts: ["one.example", "two"],
    });
  });

  test("reach the worker in the units of their names", () => {
    const config = load({
      MEETBOT_AUTO_LEAVE_AFTER_ENTRY_DELAY_SECONDS: "0",
      MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS: "1",
      MEETBOT_AUTO_LEAVE_AFTER_SILENCE_SECONDS: "2",
      MEETBOT_AUTO_LEAVE_AFTER_MAX_SECONDS: "604800",
      MEETBOT_SHUTDOWN_GRACE_SECONDS: "10",
      MEETBOT_SPOOL_DIR: "spool",
      MEETBOT_CAPTURE_DIR: "captured",
      MEETBOT_JOB_ID: "job:2026-01-15@acme=1+2_x.y",
      MEETBOT_EXTERNAL_ID: "ticket-1",
      DISCORD_TEXT_CHANNEL_ID: "381870553235193858",
      MEETBOT_DISCORD_API: "http://127.0.0.1:8080/api",
    });
    expect(config).toMatchObject({
      autoLeave: { entryDelayMs: 0, soloMs: 1_000, silenceMs: 2_000, maxMs: 604_800_000, onBotDetected: false },
      shutdownGraceMs: 10_000,
      spool: { directory: resolve("spool"), isDefault: false },
      captureDirectory: resolve("captured"),
      jobId: "job:2026-01-15@acme=1+2_x.y",
      externalId: "ticket-1",
      textChannelId: "381870553235193858",
      discordApi: "http://127.0.0.1:8080/api",
    });
  });
});
