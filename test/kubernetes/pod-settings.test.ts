import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { toJson, toYaml } from "../../src/kubernetes/manifest.ts";
import { jobManifest, recoveryManifest } from "../../src/kubernetes/manifests.ts";
import { loadPodSettings } from "../../src/kubernetes/pod-settings.ts";
import { SECRET_NAMES } from "../../src/settings/settings.ts";
import { ENVIRONMENT, OPTIONS } from "../support/pod-example.ts";
import { problemsIn } from "../support/settings-problems.ts";

const TOKEN = "MTAwMDAwMDAwMDAwMDAwMDAx.GhIjKl.abcdefghijklmnopqrstuvwxyz0";

/** Each secret setting with a value that it accepts and that nothing else holds. */
const SECRETS: Readonly<Record<string, string>> = {
  DISCORD_BOT_TOKEN: TOKEN,
  AWS_ACCESS_KEY_ID: "secret-of-aws-id",
  AWS_SECRET_ACCESS_KEY: "secret-of-aws-key",
  AWS_SESSION_TOKEN: "secret-of-aws-session",
  MEETBOT_WEBHOOK_URL: "https://example.org/secret-of-the-hook",
  MEETBOT_WEBHOOK_SECRET: "secret-of-signatures",
  MEETBOT_INGEST_URL: "https://example.org/secret-of-the-ingest",
  MEETBOT_INGEST_TOKEN: "secret-of-the-orchestrator",
  MEETBOT_CONTROL_TOKEN: "secret-of-control",
};

const load = (environment: Record<string, string>, change: Partial<typeof OPTIONS> = {}) =>
  loadPodSettings({ environment: { ...ENVIRONMENT, ...environment } }, { ...OPTIONS, ...change });

function problemsOf(environment: Record<string, string>, change: Partial<typeof OPTIONS> = {}): readonly string[] {
  return problemsIn(() => load(environment, change));
}

test.each(["http://127.0.0.1:35537/api", "http://localhost/api", "http://[::1]:80/api"])(
  "An address of this machine is refused, because a pod would reach itself: %s",
  (address) => {
    expect(problemsOf({ MEETBOT_DISCORD_API: address })).toEqual([
      expect.stringMatching(/^MEETBOT_DISCORD_API leads to \S+, expected an address that a pod reaches/),
    ]);
    expect(() => load({ MEETBOT_DISCORD_API: "http://discord.example/api" })).not.toThrow();
  },
);

describe("a pod's settings", () => {
  test("are the given ones, the job's folder and id, and what a pod needs", () => {
    const { variables } = load({ MEETBOT_ROTATE: "never", DISCORD_TEXT_CHANNEL_ID: "381870553235193858" });
    expect(variables).toEqual({
      MEETBOT_MEETING_URL: "discord://81384788765712384/381870553235193857",
      DISCORD_TEXT_CHANNEL_ID: "381870553235193858",
      MEETBOT_JOB_ID: "job_01HX9N8K",
      MEETBOT_STORAGE_URI: "s3://my-bucket/calls",
      MEETBOT_SPOOL_DIR: "/spool",
      MEETBOT_ROTATE: "never",
      MEETBOT_HTTP_PORT: "8080",
      MEETBOT_HTTP_HOST: "0.0.0.0",
    });
  });

  test("can come from a file, and the channel from ids or the command line", async () => {
    const file = join(await mkdtemp(join(tmpdir(), "meetbot-test-")), "config.json");
    const content = { guildId: "81384788765712384", channelId: "381870553235193857", maxPartSeconds: 30 };
    await writeFile(file, JSON.stringify({ ...content, storageUri: "s3://my-bucket", botToken: TOKEN }));
    const { variables, jobId } = loadPodSettings({ environment: {}, file }, OPTIONS);
    expect(variables).toMatchObject({
      MEETBOT_MEETING_URL: "discord://81384788765712384/381870553235193857",
      MEETBOT_MAX_PART_SECONDS: "30",
    });
    expect(variables).not.toHaveProperty("DISCORD_GUILD_ID");
    expect(jobId).toMatch(/^job_[0-9A-Z]{26}$/);
    const meetingUrl = "discord://81384788765712385/381870553235193858";
    expect(loadPodSettings({ environment: {}, file, meetingUrl }, OPTIONS).channelId).toBe("381870553235193858");
  });

  test("use the recordings' volume as their storage", () => {
    const environment = { MEETBOT_MEETING_URL: ENVIRONMENT.MEETBOT_MEETING_URL };
    const { variables } = loadPodSettings({ environment }, { ...OPTIONS, storageClaim: "recordings" });
    expect(variables.MEETBOT_STORAGE_URI).toBe("file:/recordings");
  });

  test("are refused with every problem at once, those of a pod and those of any worker", () => {
    const problems = problemsOf(
      {
        MEETBOT_STORAGE_URI: "file:./here",
        MEETBOT_SPOOL_DIR: "/var/spool",
        MEETBOT_CAPTURE_DIR: "captures",
        MEETBOT_NOTICE_AUDIO: "notice.ogg",
        MEETBOT_HTTP_HOST: "127.0.0.1",
        MEETBOT_HTTP_PORT: "0",
        MEETBOT_MAX_PART_SECONDS: "soon",
        MEETBOT_ROTAT: "never",
        MEETBOT_WEBHOOK_URL: "http://example.org/",
      },
      { secret: "My Secret", namespace: "a.b", image: "two words", secretKeys: ["DISCORD_BOT_TOKN", "MEETBOT_ROTATE"] },
    );
    for (const start of [
      'MEETBOT_STORAGE_URI is "file:./here", expected s3://BUCKET/PREFIX',
      'MEETBOT_SPOOL_DIR is "/var/spool", expected nothing',
      "MEETBOT_CAPTURE_DIR is set, expected nothing",
      'MEETBOT_NOTICE_AUDIO is "notice.ogg", expected default or off',
      'MEETBOT_HTTP_HOST is "127.0.0.1", expected 0.0.0.0 or ::',
      "MEETBOT_HTTP_PORT is 0, expected a port number from 1",
      'MEETBOT_MAX_PART_SECONDS is "soon"',
      "MEETBOT_ROTAT is not a setting; did you mean MEETBOT_ROTATE?",
      "MEETBOT_WEBHOOK_URL is set without MEETBOT_WEBHOOK_SECRET",
      "MEETBOT_WEBHOOK_URL is an http:// address",
      '--secret is "My Secret", expected a name',
      '--namespace is "a.b", expected at most 63',
      '--image is "two words", expected an image',
      '--secret-keys has "DISCORD_BOT_TOKN", expected names of secret settings; did you mean DISCORD_BOT_TOKEN?',
      '--secret-keys has "MEETBOT_ROTATE", expected names of secret settings',
    ]) {
      expect(problems, start).toContainEqual(expect.stringContaining(start));
    }
    expect(problems).toHaveLength(15);
  });

  test("may repeat what the image already sets", () => {
    const environment = {
      MEETBOT_MEETING_URL: ENVIRONMENT.MEETBOT_MEETING_URL,
      MEETBOT_STORAGE_URI: "file:/recordings",
      MEETBOT_SPOOL_DIR: "/spool",
      MEETBOT_HTTP_PORT: "8080",
    };
    expect(loadPodSettings({ environment }, { ...OPTIONS, storageClaim: "recordings" }).variables).toMatchObject({
      MEETBOT_STORAGE_URI: "file:/recordings",
      MEETBOT_SPOOL_DIR: "/spool",
    });
  });

  test("record to a bucket or to a volume, not to both", () => {
    expect(problemsOf({}, { storageClaim: "recordings" })).toEqual([
      'MEETBOT_STORAGE_URI is "s3://my-bucket/calls" and --storage-claim is given, expected one of them',
    ]);
    expect(problemsOf({ MEETBOT_STORAGE_URI: "" })).toEqual([
      expect.stringContaining('MEETBOT_STORAGE_URI is "file:./recordings", expected s3://BUCKET/PREFIX'),
    ]);
  });
});

describe("a secret", () => {
  test("is in no manifest; the pod gets each secret by its name", () => {
    expect(Object.keys(SECRETS)).toEqual(SECRET_NAMES);
    const settings = load(SECRETS);
    const options = { ...OPTIONS, spoolClaim: "meetbot-spool" };
    const manifests = [jobManifest(settings, options), recoveryManifest(settings, options)];
    for (const text of [toYaml(manifests), toJson(manifests)]) {
      for (const value of Object.values(SECRETS)) expect(text).not.toContain(value);
      expect(text).not.toContain("secret-of");
      for (const name of SECRET_NAMES) expect(text).toContain(name);
    }
    const [object] = manifests.map((manifest) => JSON.stringify(manifest.object));
    for (const name of SECRET_NAMES) expect(object).toContain(`{"name":"${name}_FILE","value":"/run/secrets/`);
    expect(object).not.toContain("secretKeyRef");
  });

  test("need not be present if its key is named", () => {
    const secretKeys = ["MEETBOT_WEBHOOK_SECRET", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    const { secrets } = load({ MEETBOT_WEBHOOK_URL: "https://example.org/" }, { secretKeys });
    expect(secrets).toEqual([
      "DISCORD_BOT_TOKEN",
      "AWS_ACCESS_KEY_ID",
      "AWS_SECRET_ACCESS_KEY",
      "MEETBOT_WEBHOOK_URL",
      "MEETBOT_WEBHOOK_SECRET",
    ]);
    expect(problemsOf({}, { secretKeys: ["AWS_ACCESS_KEY_ID"] })).toEqual([
      expect.stringContaining("only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set"),
    ]);
  });

  test("that is present is checked, and not shown", () => {
    const problems = problemsOf({ DISCORD_BOT_TOKEN: "not.a-token" });
    expect(problems).toEqual([expect.stringContaining("DISCORD_BOT_TOKEN is not a usable value (not shown)")]);
  });

  test.each([
    ["its value", { MEETBOT_CONTROL_TOKEN: "secret-of-control", MEETBOT_EXTERNAL_ID: "secret-of-control" }],
    ["what looks like a token", { MEETBOT_EXTERNAL_ID: TOKEN }],
  ])("in another setting is refused and not printed: %s", (_, environment) => {
    expect(problemsOf(environment)).toEqual([
      "MEETBOT_EXTERNAL_ID holds a secret (not shown), expected a value that everybody may read",
    ]);
  });
});
