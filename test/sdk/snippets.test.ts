import { createHmac } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { MeetBot } from "../../src/sdk/index.ts";
import { CHANNEL, GUILD, serviceApi, TOKEN } from "../support/service-api.ts";

const SECRET = "whsec_c2VjcmV0";
const SDK = new URL("../../src/sdk/index.ts", import.meta.url).href;

/** What a reader replaces; `snippets/README.md` says why. */
const REPLACED: readonly (readonly [string | RegExp, string])[] = [
  ["@meetbot/sdk", SDK],
  [/https:\/\/meet\.google\.com\/[a-z-]+/g, `discord://${GUILD}/${CHANNEL}`],
  ["YOUR_GUILD_ID", GUILD],
  ["YOUR_VOICE_CHANNEL_ID", CHANNEL],
  ["YOUR_TEXT_CHANNEL_ID", "333456789012345678"],
  ["2026-05-15T14:00:00Z", new Date(Date.now() + 3_600_000).toISOString()],
];

const ran = new Set<string>();

/** Runs a snippet. @param more lines after it, to reach what is in it */
async function run(name: string, more = ""): Promise<Record<string, unknown>> {
  ran.add(name);
  const source = await readFile(new URL(`snippets/${name}`, import.meta.url), "utf8");
  const text = REPLACED.reduce((whole, [from, to]) => whole.replaceAll(from, to), source);
  const folder = await mkdtemp(join(tmpdir(), "meetbot-snippet-"));
  const file = join(folder, name);
  await writeFile(file, `${text}\n${more}\n`);
  try {
    return await import(/* @vite-ignore */ file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The environment that the documentation asks for, in front of a service. */
async function environment(mode: "live" | "test" = "test") {
  const api = await serviceApi();
  vi.stubEnv("MEETBOT_API_KEY", api[mode].key);
  vi.stubEnv("MEETBOT_API_BASE_URL", api.address);
  vi.stubEnv("MEETBOT_WEBHOOK_SECRET", SECRET);
  vi.stubEnv("DISCORD_BOT_TOKEN", TOKEN);
  vi.stubGlobal("meetbot", new MeetBot());
  const jobs = async () => (await api.store.jobs({ consumerId: "con_1", mode }, {}, { limit: 9 })).items;
  return { ...api, jobs, printed: vi.spyOn(console, "log").mockReturnValue() };
}

afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("snippets that dispatch a job", () => {
  test.each([
    ["getting-started-dispatch.mts", "session-42", /^job_\w+ queued$/],
    ["quickstart-dispatch.mts", "demo-2026-05-09", /^dispatched job_\w+ → queued$/],
    ["sdk-dispatch.mts", "lesson-2026-05-09-pavel", /^dispatched job_\w+ → queued$/],
  ])("%s", async (name, externalId, line) => {
    const { jobs, printed } = await environment();
    await run(name);
    expect(await jobs()).toMatchObject([{ externalId, hasFinalizeHook: true, status: "queued" }]);
    expect(printed.mock.calls.map((words) => words.join(" "))).toEqual([expect.stringMatching(line)]);
  });

  test("discord-dispatch.mts, with a live key", async () => {
    const { jobs } = await environment("live");
    await run("discord-dispatch.mts");
    const [job] = await jobs();
    expect(job).toMatchObject({ guildId: GUILD, channelId: CHANNEL, textChannelId: "333456789012345678" });
    expect(JSON.parse(job?.settingsJson ?? "{}")).toMatchObject({
      MEETBOT_AUTO_LEAVE_AFTER_ENTRY_DELAY_SECONDS: "300",
      MEETBOT_AUTO_LEAVE_AFTER_MAX_SECONDS: "14400",
    });
  });

  test("sdk-auto-leave.mts", async () => {
    const { jobs } = await environment();
    await run("sdk-auto-leave.mts");
    const [job] = await jobs();
    expect(job).toMatchObject({ externalId: "q2-board-meeting-acme", status: "scheduled" });
    expect(JSON.parse(job?.requestJson ?? "{}").metadata).toEqual({ customer_id: "cust_4711", workspace: "acme-prod" });
  });

  test("sdk-errors.mts", async () => {
    await environment();
    const printed = vi.spyOn(console, "error").mockReturnValue();
    await expect(run("sdk-errors.mts")).rejects.toMatchObject({ status: 400, code: "invalid_input" });
    expect(printed.mock.calls.map(([word]) => word)).toEqual(["validation:"]);
  });
});

test("Snippets make clients for the addresses that they name.", async () => {
  await environment();
  const { meetbot } = await run("sdk-auth.mts", "export { meetbot };");
  expect((meetbot as MeetBot).baseUrl).toBe("https://api.meetbot.dev");
  const { meetbotUs } = await run("regions.mts", "export { meetbotUs };");
  expect((meetbotUs as MeetBot).baseUrl).toBe("https://us-east.api.meetbot.dev");
  vi.stubEnv("MEETBOT_API_BASE_URL", undefined);
  expect(new MeetBot().baseUrl).toBe("https://api.meetbot.dev");
});

test.each(["getting-started-webhook.mts", "quickstart-webhook.mts"])("Snippets verify webhooks: %s", async (name) => {
  await environment();
  const queueProcess = vi.fn();
  vi.stubGlobal("queueProcess", queueProcess);
  const { POST } = (await run(name)) as { readonly POST: (request: Request) => Promise<Response> };
  const body = JSON.stringify({ event: "job.finalized", data: { jobId: "job_1" } });
  const signature = `sha256=${createHmac("sha256", SECRET).update(body).digest("hex")}`;
  const post = (header: string) =>
    POST(new Request("http://127.0.0.1/hook", { method: "POST", body, headers: { "x-meetbot-signature": header } }));
  expect((await post(signature)).status).toBe(200);
  expect((await post(signature.replace("sha256=", "sha256=0"))).status).toBe(401);
  expect(queueProcess).not.toHaveBeenCalled();
});

test("Snippets branch on the failure's code.", async () => {
  const calls: string[] = [];
  const note = (name: string) => async (): Promise<void> => void calls.push(name);
  for (const name of ["notifyUserBotBlocked", "scheduleRetry", "pageOnCall"]) vi.stubGlobal(name, note(name));
  vi.stubGlobal("log", { warn: () => calls.push("warn") });
  const { onJobFailed } = await run("branch-on-code.mts", "export { onJobFailed };");
  const codes = ["host_denied_admission", "lobby_timeout", "auth_failure", "internal_error", "network_loss"];
  for (const failure_code of codes) {
    await (onJobFailed as (event: object) => Promise<void>)({ data: { failure_code, failure_detail: "", jobId: "j" } });
  }
  expect(calls).toEqual(["notifyUserBotBlocked", "scheduleRetry", "pageOnCall", "warn"]);
  vi.stubGlobal("event", { version: 2, data: { failure_code: "internal_error" } });
  expect((await run("webhook-version.mts", "export { code };")).code).toBe("internal_error");
});

test("Every snippet is run.", async () => {
  const files = await readdir(new URL("snippets", import.meta.url));
  expect(files.filter((name) => name.endsWith(".mts"))).toEqual([...ran].sort());
});
