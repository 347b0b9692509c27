import { describe, expect, it } from "vitest";
import { verifyRecording } from "../../src/recording/verify.ts";
import { RecordingFolder } from "../../src/storage/recording-folder.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { type Recorded, type RecordOptions, recordFixture, saidIn, soundOf } from "../support/worker.ts";

const ALICE = person(1);
const BOB = person(2);
const OTHER_CHANNEL = "100000000000000004";

/** Two people who talk for so long and then leave. */
const talk = (seconds = 12) =>
  toneCall([
    { user: ALICE, leavesAtMs: seconds * 1_000, speaksFromMs: 0, packetCount: seconds * 50 - 10 },
    { user: BOB, leavesAtMs: seconds * 1_000, speaksFromMs: 10, packetCount: seconds * 50 - 10 },
  ]);

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

type Act = NonNullable<RecordOptions["during"]>;

/** Records, and lets something happen 3 s into the call. */
async function recordWith(
  act: (loopback: Parameters<Act>[1]) => void | Promise<void>,
  options: RecordOptions & { readonly seconds?: number } = {},
) {
  const fixture = talk(options.seconds);
  const recorded = await recordFixture(fixture, {
    ...options,
    environment: { MEETBOT_LOG_LEVEL: "trace", ...options.environment },
    during: async (worker, loopback) => {
      await worker.until("state: recording");
      await pause(3_000);
      await act(loopback);
    },
  });
  return { fixture, recorded };
}

/** Everything in the files was said, in its order, and the files are as the manifest says. */
async function expectNothingButSpeech(fixture: ReturnType<typeof talk>, recorded: Recorded): Promise<number[]> {
  expect((await verifyRecording(await RecordingFolder.open(recorded.directory))).faults).toEqual([]);
  const counts: number[] = [];
  for (const { id } of [ALICE, BOB]) {
    const said = saidIn(fixture, id).map(({ hex }) => hex);
    const heard = (await soundOf(recorded, id)).map(({ hex }) => hex);
    const places = heard.map((hex) => said.indexOf(hex));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
    counts.push(heard.length);
  }
  return counts;
}

const identifies = ({ log }: Recorded) => log.filter(({ kind }) => kind === "voice_identify").length;

describe.concurrent("a voice connection that Discord", () => {
  it.each([1006, 4015])(
    "closes with code %i, which allows a resume, continues without a gap, and nobody misses a packet",
    async (code) => {
      const { fixture, recorded } = await recordWith(({ faults }) => faults.closeVoice(code));
      expect(recorded).toMatchObject({ exitCode: 0, manifest: { exitReason: "alone_in_room", gaps: [] } });
      expect(await expectNothingButSpeech(fixture, recorded)).toEqual([590, 590]);
      expect(recorded.log.some(({ kind }) => kind === "voice_resume")).toBe(true);
      expect(identifies(recorded)).toBe(1);
    },
  );

  it.each([4006, 4009])("closes with code %i comes back on its own, with the gap declared", async (code) => {
    const { fixture, recorded } = await recordWith(({ faults }) => faults.closeVoice(code));
    expect(recorded).toMatchObject({ exitCode: 0, manifest: { exitReason: "alone_in_room", failureCode: null } });
    expect(recorded.manifest.gaps).toEqual([expect.objectContaining({ reason: "reconnect" })]);
    for (const count of await expectNothingButSpeech(fixture, recorded)) expect(count).toBeGreaterThan(300);
    expect(identifies(recorded)).toBe(2);
  });

  it.each([
    [4014, 12],
    [4022, 32],
  ])("closes with code %i, without an explanation from the gateway, comes back eventually", async (code, seconds) => {
    const { fixture, recorded } = await recordWith(({ faults }) => faults.closeVoice(code), { seconds });
    expect(recorded).toMatchObject({ exitCode: 0, manifest: { exitReason: "alone_in_room", failureCode: null } });
    expect(recorded.manifest.gaps).toEqual([expect.objectContaining({ reason: "reconnect" })]);
    await expectNothingButSpeech(fixture, recorded);
    expect(identifies(recorded)).toBe(2);
  });

  it("closes repeatedly is requested with growing pauses, then given up for a new session", async () => {
    const { fixture, recorded } = await recordWith(({ faults }) => {
      faults.closeVoiceAt("identify", 4006, 4);
      faults.closeVoice(4006);
    });
    expect(recorded).toMatchObject({ exitCode: 0 });
    await expectNothingButSpeech(fixture, recorded);
    expect(identifies(recorded)).toBeLessThanOrEqual(7);
    const times = recorded.log.filter(({ kind }) => kind === "voice_identify").map(({ atMs }) => atMs);
    const steps = times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));
    expect(Math.min(...steps)).toBeGreaterThan(200);
  });

  it("closes because of encryption (4017) ends the job at once, and keeps what was recorded", async () => {
    const { recorded } = await recordWith(({ faults }) => faults.closeVoice(4017));
    expect(recorded).toMatchObject({ exitCode: 0, manifest: { failureCode: "recording_disabled" } });
    expect(recorded.manifest.tracks.length).toBeGreaterThan(0);
    expect(identifies(recorded)).toBe(1);
  });

  it("closes because a person disconnected the bot is not treated as a network fault", async () => {
    const { fixture, recorded } = await recordWith(({ faults }) => faults.kickBot());
    expect(recorded).toMatchObject({
      exitCode: 0,
      manifest: { exitReason: "removed_from_meeting", failureCode: "removed_from_meeting" },
    });
    await expectNothingButSpeech(fixture, recorded);
    expect(identifies(recorded)).toBe(1);
  });

  it("closes because a moderator timed the bot out says until when", async () => {
    const { fixture, recorded } = await recordWith(({ faults }) => faults.timeOutBot(3_600_000));
    expect(recorded).toMatchObject({
      exitCode: 0,
      manifest: { exitReason: "removed_from_meeting", failureCode: "host_denied_admission" },
    });
    expect(recorded.manifest.exitDetail).toMatch(/^a moderator has put the bot in time-out until \d{4}-\S+Z, which/);
    await expectNothingButSpeech(fixture, recorded);
    expect(identifies(recorded)).toBe(1);
  });

  it("closes because the channel was deleted ends the meeting", async () => {
    const { fixture, recorded } = await recordWith(({ faults }) => faults.deleteChannel());
    expect(recorded).toMatchObject({
      exitCode: 0,
      manifest: { exitReason: "meeting_ended", failureCode: "meeting_ended" },
    });
    await expectNothingButSpeech(fixture, recorded);
  });

  it("closes because the bot was removed from the server says so", async () => {
    const { recorded } = await recordWith(({ faults }) => faults.removeBotFromGuild());
    expect(recorded).toMatchObject({ exitCode: 0, manifest: { exitReason: "removed_from_meeting" } });
  });

  it("closes because the token was revoked is an authentication failure, and keeps what was recorded", async () => {
    const { recorded } = await recordWith(({ faults }) => faults.revokeToken());
    expect(recorded).toMatchObject({ exitCode: 0, manifest: { failureCode: "auth_failure" } });
    expect(recorded.manifest.tracks.length).toBeGreaterThan(0);
  });

  it("moves to another channel is followed there", async () => {
    const { fixture, recorded } = await recordWith(({ faults }) => faults.moveBot(OTHER_CHANNEL));
    expect(recorded).toMatchObject({ exitCode: 0, manifest: { exitReason: "alone_in_room" } });
    await expectNothingButSpeech(fixture, recorded);
    const left = recorded.manifest.events.filter(({ type }) => type === "participant.leave");
    expect(left).toHaveLength(2);
  });

  it("moves to another channel ends the job if the settings forbid following", async () => {
    const { recorded } = await recordWith(({ faults }) => faults.moveBot(OTHER_CHANNEL), {
      environment: { MEETBOT_ON_MOVED: "leave" },
    });
    expect(recorded).toMatchObject({ exitCode: 0, manifest: { exitReason: "removed_from_meeting" } });
    expect(recorded.manifest.exitDetail).toBe('the bot was moved to the channel "Elsewhere"');
  });
});

describe.concurrent("a gateway that", () => {
  it.each<[string, Parameters<typeof recordWith>[0]]>([
    ["is closed", ({ faults }) => faults.closeGateway(4000)],
    ["is reset", ({ faults }) => faults.dropGateway()],
    ["asks to reconnect", ({ faults }) => faults.reconnectGateway()],
  ])("%s is resumed, and the audio continues unbroken", async (_, act) => {
    const { fixture, recorded } = await recordWith(act);
    expect(recorded).toMatchObject({ exitCode: 0, manifest: { exitReason: "alone_in_room", gaps: [] } });
    expect(await expectNothingButSpeech(fixture, recorded)).toEqual([590, 590]);
    expect(recorded.log.filter(({ kind }) => kind === "gateway_resume")).toMatchObject([{ resumed: true }]);
  });

  it("stops answering heartbeats is replaced by another socket, and the audio continues without a gap", async () => {
    const { fixture, recorded } = await recordWith(({ faults }) => faults.silenceGateway(20_000), {
      loopback: { heartbeatIntervalsMs: { gateway: 1_000 } },
    });
    expect(recorded).toMatchObject({ exitCode: 0, manifest: { exitReason: "alone_in_room", gaps: [] } });
    expect(await expectNothingButSpeech(fixture, recorded)).toEqual([590, 590]);
    expect(recorded.log.filter(({ kind }) => kind === "gateway_resume").length).toBeGreaterThan(0);
  });

  it("limits the rate of requests is asked again when it allows it", async () => {
    const { recorded } = await recordWith(() => undefined, {
      seconds: 5,
      before: ({ faults }) => faults.rateLimitRest({ times: 2, retryAfterSeconds: 1 }),
    });
    expect(recorded).toMatchObject({ exitCode: 0, manifest: { exitReason: "alone_in_room" } });
    const asked = recorded.log
      .filter((event) => event.kind === "rest")
      .filter(({ path }) => path.endsWith("/gateway/bot"));
    expect(asked.filter(({ status }) => status === 429)).toHaveLength(2);
    expect(asked.length).toBeLessThanOrEqual(4);
  });

  it("forgets the session makes the worker log in again, and voice comes back with its gap declared", async () => {
    const { fixture, recorded } = await recordWith(({ faults }) =>
      faults.invalidateGatewaySession({ resumable: false }),
    );
    expect(recorded).toMatchObject({ exitCode: 0, manifest: { exitReason: "alone_in_room", failureCode: null } });
    for (const count of await expectNothingButSpeech(fixture, recorded)) expect(count).toBeGreaterThan(200);
    expect(recorded.manifest.gaps.length).toBeGreaterThan(0);
    expect(recorded.log.filter(({ kind }) => kind === "gateway_identify")).toHaveLength(2);
  });
});
