import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Loopback } from "../../src/loopback/loopback.ts";
import { missing } from "../support/audio-programs.ts";
import { chatOf, says } from "../support/chat-call.ts";
import { expectFfmpegDecodesAll, expectOpusinfoAccepts, expectVerified } from "../support/judge.ts";
import { person, saidBy, TEXT_CHANNEL_ID, toneCall } from "../support/tone-call.ts";
import {
  type Recorded,
  type RecordOptions,
  type RunningWorker,
  recordFixture,
  runCommand,
  soundOf,
} from "../support/worker.ts";

const TOKEN = "recognisable-control-token";
const JOB = "/api/v1/jobs/test";
const PACKET_MS = 20;
const SPEAKERS = [1, 2, 3].map((index) => person(index));

/** People who talk without a pause, and one message every 100 ms. */
function talk(durationMs: number) {
  const events = Array.from({ length: durationMs / 100 }, (_, index) => says(index * 100, index));
  const speakers = SPEAKERS.map((user) => ({
    ...{ user, leavesAtMs: durationMs, speaksFromMs: 0, packetCount: durationMs / PACKET_MS },
  }));
  return toneCall(speakers, { events });
}

const wait = (durationMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, durationMs));

/** Sends requests to the worker's own port. */
async function controlOf(worker: RunningWorker) {
  const text = await worker.until("serving health, metrics and control");
  const [, address] = /"address":"(http:[^"]+)"/.exec(text) ?? [];
  if (address === undefined) throw new Error(`the worker does not say where it serves:\n${text}`);
  await worker.until("state: recording");
  const ask = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${address}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${TOKEN}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
    return { status: response.status, json: isJson ? JSON.parse(answer) : undefined, text: answer };
  };
  return { ask, verb: (name: string, body?: object) => ask("POST", `${JOB}/${name}`, body) };
}

type Control = Awaited<ReturnType<typeof controlOf>>;

function record(
  durationMs: number,
  during: (control: Control, loopback: Loopback) => Promise<void>,
  { environment, loopback }: Pick<RecordOptions, "environment" | "loopback"> = {},
) {
  const fixture = talk(durationMs);
  const recorded = recordFixture(fixture, {
    ...(loopback === undefined ? {} : { loopback }),
    environment: { MEETBOT_HTTP_PORT: "0", MEETBOT_CONTROL_TOKEN: TOKEN, ...environment },
    during: async (worker, running) => during(await controlOf(worker), running),
  });
  return recorded.then((recording) => ({ fixture, recorded: recording }));
}

/** The indices of a speaker's packets that are in the files, in the order of sending. */
async function heardIndices(fixture: ReturnType<typeof talk>, recorded: Recorded, userId: string) {
  const said = saidBy(fixture, userId);
  const sound = await soundOf(recorded, userId);
  return sound.map(({ hex, sessionSamples }) => ({ index: said.indexOf(hex), atMs: sessionSamples / 48 }));
}

/** Where the next number is not one more. */
function holesIn(indices: readonly number[]): [after: number, before: number][] {
  return indices.flatMap((now, at): [number, number][] => {
    const before = indices[at - 1];
    return before === undefined || now === before + 1 ? [] : [[before, now]];
  });
}

describe("a worker that is controlled over HTTP", () => {
  it.each(["utterance", "duration", "never"])(
    "records neither audio nor chat in a pause, and declares the gap: %s",
    async (mode) => {
      const { fixture, recorded } = await record(
        6_000,
        async ({ ask, verb }) => {
          await wait(1_500);
          expect(await verb("pause-recording")).toMatchObject({ status: 200, json: { paused: true, changed: true } });
          expect(await verb("pause-recording")).toMatchObject({ status: 200, json: { paused: true, changed: false } });
          await wait(1_500);
          expect((await ask("GET", JOB)).json).toMatchObject({ status: "recording", paused: true });
          expect((await ask("GET", "/metrics")).text).toContain("meetbot_recording_paused 1");
          expect(await verb("resume-recording")).toMatchObject({ status: 200, json: { paused: false, changed: true } });
        },
        { environment: { MEETBOT_ROTATE: mode } },
      );
      expect(recorded.exitCode).toBe(0);
      const { gaps, datagrams } = recorded.manifest;
      expect(gaps).toMatchObject([{ reason: "paused" }]);
      const { startMs = 0, endMs = 0 } = gaps[0] ?? {};
      expect(endMs - startMs).toBeGreaterThan(1_400);

      let withheld = 0;
      for (const { id } of SPEAKERS) {
        const heard = await heardIndices(fixture, recorded, id);
        expect(heard.filter(({ atMs }) => atMs > startMs && atMs < endMs - PACKET_MS)).toEqual([]);
        const holes = holesIn(heard.map(({ index }) => index));
        expect(holes).toHaveLength(1);
        const [[after, before] = [0, 0]] = holes;
        withheld += before - after - 1;
        expect((before - after) * PACKET_MS).toBeGreaterThan(1_400);
      }
      expect(datagrams.dropped.not_recording).toBe(withheld);

      const lines = await chatOf(recorded);
      expect(lines.filter(({ offsetMs }) => offsetMs > startMs && offsetMs < endMs)).toEqual([]);
      const numbers = lines.map(({ id }) => Number(BigInt(id) - 300_000_000_000_000_000n));
      expect(holesIn(numbers)).toHaveLength(1);
      expect(numbers.at(-1)).toBe(59);

      await expectVerified(recorded);
      if (missing("opusinfo") === false) await expectOpusinfoAccepts(recorded);
      if (missing("ffmpeg") === false) await expectFfmpegDecodesAll(recorded);
    },
  );

  it("stops recording for good, stays in the channel, and says what ended the recording", async () => {
    const { fixture, recorded } = await record(4_000, async ({ ask, verb }) => {
      await wait(1_500);
      expect(await verb("stop-recording")).toMatchObject({ status: 200, json: { status: "in_call" } });
      await wait(1_000);
      expect((await ask("GET", JOB)).json).toMatchObject({ status: "in_call", stopped: true });
      expect((await verb("resume-recording")).status).toBe(409);
      expect((await ask("GET", "/readyz")).status).toBe(503);
    });
    expect(recorded.exitCode).toBe(0);
    const { exitReason, exitDetail, gaps, durationSeconds } = recorded.manifest;
    expect(exitReason).toBe("stop_requested");
    expect(exitDetail).toContain("the bot left later");
    expect(gaps).toMatchObject([{ reason: "stopped", endMs: expect.closeTo(durationSeconds * 1_000, 3) }]);
    for (const { id } of SPEAKERS) {
      const heard = await heardIndices(fixture, recorded, id);
      expect(heard.map(({ index }) => index)).toEqual(heard.map((_, index) => index));
      expect(heard.length * PACKET_MS).toBeGreaterThan(1_000);
      expect(heard.length * PACKET_MS).toBeLessThan(3_500);
    }
    await expectVerified(recorded);
  });

  it.each([
    ["POST", `${JOB}/leave-call`, 202, "leave_requested"],
    ["DELETE", JOB, 204, "cancelled"],
  ])("leaves with %s %s, and keeps and delivers what is there", async (method, path, status, exitReason) => {
    const { fixture, recorded } = await record(30_000, async ({ ask }) => {
      await wait(1_500);
      expect((await ask(method, path)).status).toBe(status);
    });
    expect(recorded).toMatchObject({ exitCode: 0, manifest: { exitReason, failureCode: null, gaps: [] } });
    expect(recorded.manifest.durationSeconds).toBeLessThan(20);
    for (const { id } of SPEAKERS) {
      const heard = await heardIndices(fixture, recorded, id);
      expect(heard.map(({ index }) => index)).toEqual(heard.map((_, index) => index));
      expect(heard.length).toBeGreaterThan(30);
    }
    await expectVerified(recorded);
    expect(await readdir(join(recorded.directory, "..", "..", "spool"))).toEqual([]);
  });

  it("posts in the text channel, if it is allowed to", async () => {
    const posted: string[] = [];
    await record(2_000, async ({ verb }, loopback) => {
      expect((await verb("send-chat-message", { message: "We start **now** @everyone" })).status).toBe(200);
      posted.push(...loopback.posted.map(({ channelId, content }) => `${channelId} ${content}`));
    });
    expect(posted).toContain(`${TEXT_CHANNEL_ID} We start **now** @everyone`);

    const denied = { deniedPermissions: { [TEXT_CHANNEL_ID]: ["sendMessages"] as const } };
    await record(
      2_000,
      async ({ verb }) => {
        expect(await verb("send-chat-message", { message: "hello" })).toMatchObject({
          status: 409,
          json: { error: "chat_unavailable", message: expect.stringContaining("Send Messages") },
        });
      },
      { loopback: denied },
    );
  });

  it("asks people for permission, and shows the answer", async () => {
    const [alice] = SPEAKERS.map(({ id }) => id);
    const { recorded } = await record(5_000, async ({ ask, verb }, loopback) => {
      await wait(1_000);
      expect(await verb("request-recording-permission")).toMatchObject({ status: 202, json: { changed: true } });
      await loopback.press(alice ?? "", "Don't record me");
      const { participants } = (await ask("GET", JOB)).json;
      const consents = participants.map(({ id, consent }: { id: string; consent: string }) => [id, consent]);
      expect(Object.fromEntries(consents)).toMatchObject({ [alice ?? ""]: "declined" });
    });
    const declined = recorded.manifest.participants.filter(({ consent }) => consent === "declined");
    expect(declined.map(({ id }) => id)).toEqual([alice]);
    expect(recorded.manifest.datagrams.dropped.not_recording).toBeGreaterThan(50);
  });

  it("never reveals its control token, even at trace level", async () => {
    const seen: string[] = [];
    const { recorded } = await record(
      2_000,
      async ({ ask, verb }) => {
        for (const path of [JOB, "/metrics", "/openapi.json", "/readyz"]) seen.push((await ask("GET", path)).text);
        seen.push((await verb("send-chat-message", { message: 7 })).text, (await ask("GET", "/nothing")).text);
      },
      { environment: { MEETBOT_LOG_LEVEL: "trace" } },
    );
    const files = await readdir(recorded.directory);
    seen.push(...(await Promise.all(files.map((name) => readFile(join(recorded.directory, name), "latin1")))));
    for (const text of [...seen, recorded.stdout, recorded.stderr]) expect(text).not.toContain(TOKEN);
  });

  it("keeps a note that it has answered, with its time, if it is killed right after", async () => {
    const spool = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    onTestFinished(() => rm(spool, { recursive: true }));
    const fixture = toneCall([{ user: person(1), leavesAtMs: 20_000, speaksFromMs: 0, packetCount: 1_000 }]);
    const secret = { MEETBOT_HTTP_PORT: "0", MEETBOT_CONTROL_TOKEN: TOKEN, MEETBOT_SPOOL_DIR: spool };
    let offsetMs = 0;
    const recorded = await recordFixture(fixture, {
      environment: secret,
      during: async (worker, loopback) => {
        const { verb } = await controlOf(worker);
        await worker.until("participant speaks");
        const noted = await verb("note", { text: "decided: **Friday**", author: "Ada" });
        expect(noted).toMatchObject({ status: 200, json: { status: "recording", offsetMs: expect.any(Number) } });
        offsetMs = noted.json.offsetMs;
        worker.kill("SIGKILL");
        await worker.result;
        const [job = ""] = (await readFile(join(spool, "test", "journal.jsonl"), "utf8")).split("\n");
        const storage = { MEETBOT_STORAGE_URI: `file:${JSON.parse(job).storage.directory}` };
        const environment = { ...loopback.environment, ...storage, MEETBOT_SPOOL_DIR: spool, MEETBOT_JOB_ID: "test" };
        expect(await runCommand(["record"], environment)).toMatchObject({ exitCode: 0 });
      },
    });
    expect(recorded.manifest).toMatchObject({ chatEvents: 1 });
    const note = JSON.parse(await readFile(join(recorded.directory, "chat.jsonl"), "utf8"));
    const at = new Date(Date.parse(recorded.manifest.startedAt) + offsetMs).toISOString();
    expect(note).toEqual({ type: "note", at, offsetMs, text: "decided: **Friday**", author: "Ada" });
    await expectVerified(recorded);
  });
});
