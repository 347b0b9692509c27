import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ConfigError } from "../../src/errors.ts";
import { type Config, loadConfig } from "../../src/settings/load.ts";
import type { ConfigSources } from "../../src/settings/sources.ts";

const TOKEN = "MTAwMDAwMDAwMDAwMDAwMDAx.GhIjKl.a-recognisable-token-0123456789";
const GUILD_ID = "81384788765712384";
const CHANNEL_ID = "381870553235193857";
const MEETING_URL = `discord://${GUILD_ID}/${CHANNEL_ID}`;
const COMPLETE = { DISCORD_BOT_TOKEN: TOKEN, MEETBOT_MEETING_URL: MEETING_URL };

const folder = mkdtempSync(join(tmpdir(), "config-"));
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function load(environment: Record<string, string | undefined>, more: Partial<ConfigSources> = {}): Config {
  return loadConfig({ environment: { ...COMPLETE, ...environment }, ...more });
}

/** The problems that loading finds; fails if it finds none. */
function problemsOf(sources: ConfigSources): readonly string[] {
  try {
    loadConfig(sources);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error("the configuration was accepted");
}

function problemsWith(environment: Record<string, string | undefined>): readonly string[] {
  return problemsOf({ environment: { ...COMPLETE, ...environment } });
}

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

  test("given wrongly on the command line is called what it is", () => {
    expect(problemsOf({ environment: COMPLETE, meetingUrl: "https://discord.com/channels/1/2" })).toEqual([
      'the channel to record is "https://discord.com/channels/1/2", expected discord://GUILD_ID/CHANNEL_ID, a link such as https://discord.com/channels/GUILD_ID/CHANNEL_ID, or both ids, of 17 to 20 digits each',
    ]);
  });

  test.each([
    ["nothing", {}],
    ["only the server", { DISCORD_GUILD_ID: GUILD_ID }],
    ["only the channel", { DISCORD_CHANNEL_ID: CHANNEL_ID }],
  ])("is asked for if %s is given", (_, environment) => {
    expect(problemsOf({ environment: { DISCORD_BOT_TOKEN: TOKEN, ...environment } })).toEqual([
      "no voice channel is given: set MEETBOT_MEETING_URL to discord://GUILD_ID/CHANNEL_ID, or DISCORD_GUILD_ID and DISCORD_CHANNEL_ID",
    ]);
  });

  test("is not asked for again if it was given in a wrong form", () => {
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

describe("the notice", () => {
  const consentWith = (environment: Record<string, string>) => load(environment).consent;

  test("is in one's own words, ours, or nobody's", () => {
    expect(consentWith({ MEETBOT_NOTICE: "Aufnahme läuft", MEETBOT_NOTICE_END: "off" })).toEqual({
      mode: "notice",
      startText: "Aufnahme läuft",
      endText: undefined,
      silentStart: false,
      silentEnd: true,
      audio: undefined,
      nicknamePrefix: undefined,
    });
    expect(consentWith({ MEETBOT_NOTICE_AUDIO: "default", MEETBOT_NICKNAME_PREFIX: "[REC] " })).toMatchObject({
      audio: "default",
      nicknamePrefix: "[REC] ",
    });
    expect(consentWith({ MEETBOT_NOTICE_AUDIO: "notice.ogg" }).audio).toEqual({ path: resolve("notice.ogg") });
    expect(consentWith({ MEETBOT_CONSENT: "none", MEETBOT_NOTICE: "off" })).toMatchObject({ silentStart: true });
  });

  test.each(["opt-in", "opt-out"])("cannot be off if people are asked with it: %s", (mode) => {
    expect(problemsWith({ MEETBOT_CONSENT: mode, MEETBOT_NOTICE: "off" })).toEqual([
      `MEETBOT_NOTICE is off, but MEETBOT_CONSENT=${mode} asks people with it; expected a text, or nothing`,
    ]);
  });

  test("is as long as Discord takes it, and says something", () => {
    for (const text of ["x".repeat(2_001), " "]) {
      expect(problemsWith({ MEETBOT_NOTICE: text })).toEqual([
        `MEETBOT_NOTICE is ${JSON.stringify(text)}, expected a text of at most 2000 characters, or off`,
      ]);
    }
  });
});

describe("names", () => {
  test("that nearly are a setting's get it suggested", () => {
    expect(problemsWith({ MEETBOT_STORAGE_URL: "file:x" })).toEqual([
      "MEETBOT_STORAGE_URL is not a setting; did you mean MEETBOT_STORAGE_URI?",
    ]);
  });

  test("like no setting's point to the page that lists them, and their values are not quoted: they may be secrets", () => {
    expect(problemsWith({ MEETBOT_XYZ: TOKEN })).toEqual([
      "MEETBOT_XYZ is not a setting; docs/reference/settings.md lists all",
    ]);
  });

  test("of other software are let be", () => {
    expect(load({ PATH: "/bin", DISCORD_WEBHOOK: "x", AWS_REGION: "eu-central-1" }).token).toBe(TOKEN);
  });

  test("with nothing in them count as not set, known or not", () => {
    const config = load({ MEETBOT_ROTATE: "", MEETBOT_JOB_ID: "", DISCORD_BOT_TOKEN_FILE: "", MEETBOT_XYZ: "" });
    expect(config.rotate).toBe("utterance");
    expect(config.jobId).toMatch(/^job_/);
  });

  test("with _FILE belong only to secrets", () => {
    expect(problemsWith({ MEETBOT_JOB_ID_FILE: "/run/job" })).toHaveLength(1);
  });
});

describe("the token", () => {
  test("can lie in a file, with the line break that editors leave", () => {
    const environment = { MEETBOT_MEETING_URL: MEETING_URL, DISCORD_BOT_TOKEN_FILE: fileWith("token", `${TOKEN}\n`) };
    expect(loadConfig({ environment })).toMatchObject({ token: TOKEN, secrets: [TOKEN] });
  });

  test("is asked for if it is missing", () => {
    expect(problemsWith({ DISCORD_BOT_TOKEN: undefined })).toEqual([
      "DISCORD_BOT_TOKEN is not set; give the path of a file that holds the bot's token as DISCORD_BOT_TOKEN_FILE, or the token itself as DISCORD_BOT_TOKEN",
    ]);
  });

  test("cannot come both ways", () => {
    expect(problemsWith({ DISCORD_BOT_TOKEN_FILE: fileWith("both", TOKEN) })).toEqual([
      "DISCORD_BOT_TOKEN and DISCORD_BOT_TOKEN_FILE are both set, expected one of them",
    ]);
  });

  test("in a file that is not there is one problem, which names the file", () => {
    const path = join(folder, "missing");
    const problems = problemsWith({ DISCORD_BOT_TOKEN: undefined, DISCORD_BOT_TOKEN_FILE: path });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`DISCORD_BOT_TOKEN_FILE is "${path}", expected a file that can be read: ENOENT`);
  });

  test.each([
    ["as a variable", (value: string) => ({ DISCORD_BOT_TOKEN: value })],
    [
      "in a file",
      (value: string) => ({ DISCORD_BOT_TOKEN: undefined, DISCORD_BOT_TOKEN_FILE: fileWith("bad", value) }),
    ],
  ])("in a wrong form is never quoted, given %s", (_, environment) => {
    const value = "a-recognisable-secret with a space";
    const problems = problemsWith(environment(value));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain("is not a usable value (not shown), expected a bot token");
    expect(problems.join()).not.toContain("recognisable");
  });

  test("is not quoted from a configuration file that is not JSON", () => {
    // Unquoted: the parser's own message would show the text around the place where it stumbled.
    const path = fileWith("broken.json", `{"botToken": ${TOKEN}}`);
    const problems = problemsOf({ environment: {}, file: path });
    expect(problems[0]).toBe(`--config ${path}: not JSON, expected a JSON object of settings`);
    for (let start = 0; start + 8 <= TOKEN.length; start += 1) {
      expect(problems.join()).not.toContain(TOKEN.slice(start, start + 8));
    }
  });
});

describe("a configuration file", () => {
  test("holds the same settings, numbers as numbers or as text", () => {
    const file = fileWith(
      "full.json",
      JSON.stringify({ botToken: TOKEN, meetingUrl: MEETING_URL, maxPartSeconds: 30, rotateSilenceSeconds: "5" }),
    );
    expect(loadConfig({ environment: {}, file })).toMatchObject({
      token: TOKEN,
      channelId: CHANNEL_ID,
      maxPartSeconds: 30,
      rotateSilenceSeconds: 5,
    });
  });

  test("gives way to the environment", () => {
    const file = fileWith("rotate.json", JSON.stringify({ rotate: "never", maxPartSeconds: 30 }));
    expect(load({ MEETBOT_ROTATE: "duration" }, { file })).toMatchObject({ rotate: "duration", maxPartSeconds: 30 });
  });

  test("has its problems reported with its name and key, together with those of the environment", () => {
    const file = fileWith("wrong.json", JSON.stringify({ rotate: true, rotatee: "never", maxPartSeconds: null }));
    const problems = problemsOf({ environment: { ...COMPLETE, MEETBOT_LOG_LEVEL: "all" }, file });
    expect(problems).toEqual([
      `${file}: "rotatee" is not a setting; did you mean rotate?`,
      `${file}: "rotate" is true, expected one of utterance, duration, never`,
      `${file}: "maxPartSeconds" is null, expected a whole number of seconds from 10 to 86400`,
      'MEETBOT_LOG_LEVEL is "all", expected one of trace, debug, info, warn, error, silent',
    ]);
  });

  test.each([
    ["a list", "[]"],
    ["a text", '"x"'],
    ["null", "null"],
  ])("that holds %s is refused", (_, content) => {
    const file = fileWith("other.json", content);
    expect(problemsOf({ environment: COMPLETE, file })).toEqual([
      `--config ${file}: expected a JSON object of settings`,
    ]);
  });

  test("that is cut off is reported with line and column", () => {
    const file = fileWith("cut.json", '{\n  "rotate": "never"\n  "maxPart');
    expect(problemsOf({ environment: COMPLETE, file })).toEqual([
      `--config ${file}: not JSON (line 3 column 3), expected a JSON object of settings`,
    ]);
  });

  test("that is not there is refused by its name", () => {
    const file = join(folder, "missing.json");
    expect(problemsOf({ environment: COMPLETE, file })[0]).toContain(`--config ${file}: ENOENT`);
  });

  test("names a channel only if the environment names none, in whichever way", () => {
    const other = "81384788765712385";
    const ids = fileWith("ids.json", JSON.stringify({ guildId: other, channelId: CHANNEL_ID }));
    expect(load({}, { file: ids })).toMatchObject({ guildId: GUILD_ID });
    const url = fileWith("url.json", JSON.stringify({ meetingUrl: `discord://${other}/${CHANNEL_ID}` }));
    const environment = { DISCORD_BOT_TOKEN: TOKEN, DISCORD_GUILD_ID: GUILD_ID, DISCORD_CHANNEL_ID: CHANNEL_ID };
    expect(loadConfig({ environment, file: url })).toMatchObject({ guildId: GUILD_ID });
  });

  test("may begin with a byte order mark", () => {
    const file = fileWith("bom.json", `\uFEFF${JSON.stringify({ maxPartSeconds: 20 })}`);
    expect(load({}, { file }).maxPartSeconds).toBe(20);
  });

  test("never has a wrong token quoted", () => {
    const file = fileWith(
      "secret.json",
      JSON.stringify({ botToken: ["a-recognisable-secret"], meetingUrl: MEETING_URL }),
    );
    expect(problemsOf({ environment: {}, file }).join()).not.toContain("recognisable");
  });
});

describe("a secret in the wrong place is never quoted", () => {
  test("if it is another setting's value", () => {
    for (const environment of [
      { DISCORD_TEXT_CHANNEL_ID: TOKEN },
      { DISCORD_BOT_TOKEN: "", DISCORD_GUILD_ID: TOKEN },
    ]) {
      const [problem = ""] = problemsWith(environment);
      expect(problem).toContain('is "[redacted]", expected a Discord id');
    }
  });

  test("if an address holds it", () => {
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

  test("of an S3 store come together, and its credentials apart from them, as secrets", () => {
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

  test("of an S3 store are left to the AWS SDK if nothing is given", () => {
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
