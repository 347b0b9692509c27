import { readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { checkOggOpus } from "../../src/audio/ogg/ogg-check.ts";
import { verify } from "../../src/cli/commands/verify.ts";
import type { CallEvent, CallFixture } from "../../src/fixture/call-script.ts";
import type { Loopback, LoopbackOptions, PressAnswer } from "../../src/loopback/loopback.ts";
import { NOTICE_TEXTS } from "../../src/session/notice-texts.ts";
import { missing } from "../support/audio-programs.ts";
import { chatOf, says } from "../support/chat-call.ts";
import { expectOpusinfoAccepts } from "../support/judge.ts";
import { CHANNEL_ID, GUILD_ID, person, saidBy, TEXT_CHANNEL_ID, toneCall } from "../support/tone-call.ts";
import { WebhookReceiver } from "../support/webhook-receiver.ts";
import { type Recorded, type RecordOptions, recordFixture, runCommand } from "../support/worker.ts";

const ALICE = person(1, "alice");
const BOB = person(2, "bob");
const PACKET_MS = 20;

const press = (atMs: number, { id }: typeof ALICE, button: string): CallEvent => ({
  atMs,
  type: "press",
  userId: id,
  button,
});

/** Two people who speak for as long, and what happens meanwhile. */
function talks(durationMs: number, events: readonly CallEvent[] = []): CallFixture {
  const packetCount = durationMs / PACKET_MS;
  return toneCall(
    [ALICE, BOB].map((user) => ({ user, leavesAtMs: durationMs + 200, speaksFromMs: 0, packetCount })),
    { events },
  );
}

async function recorded(fixture: CallFixture, mode: string | undefined, more: RecordOptions = {}): Promise<Recorded> {
  const environment = { MEETBOT_NOTICE: "", ...(mode === undefined ? {} : { MEETBOT_CONSENT: mode }) };
  const result = await recordFixture(fixture, { ...more, environment: { ...environment, ...more.environment } });
  expect(result.exitCode).toBe(0);
  expect(await verify(result.directory)).toBe(0);
  return result;
}

/** Indices of somebody's packets that are anywhere in what the worker left behind, byte for byte. */
async function keptOf(fixture: CallFixture, userId: string, directories: readonly string[]): Promise<number[]> {
  const contents: string[] = [];
  for (const directory of directories) {
    for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) contents.push(await readFile(join(entry.parentPath, entry.name), "hex"));
    }
  }
  return saidBy(fixture, userId).flatMap((packet, index) =>
    contents.some((it) => it.includes(packet)) ? [index] : [],
  );
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);
const participantOf = ({ manifest }: Recorded, { id }: typeof ALICE) =>
  manifest.participants.find((it) => it.id === id);

describe.concurrent("consent, through the worker", () => {
  it.each([
    ["opt-out", "aead_aes256_gcm_rtpsize"],
    ["opt-out", "aead_xchacha20_poly1305_rtpsize"],
    ["opt-in", "aead_aes256_gcm_rtpsize"],
  ] as const)(
    "in %s keeps nothing from a person after they decline, in any file (%s)",
    async (mode, encryptionMode) => {
      const events = [
        ...(mode === "opt-in"
          ? [press(200, ALICE, NOTICE_TEXTS.en.allow), press(1_000, BOB, NOTICE_TEXTS.en.allow)]
          : []),
        press(1_990, ALICE, NOTICE_TEXTS.en.decline),
      ];
      const fixture = talks(4_000, events);
      const result = await recorded(fixture, mode, { loopback: { encryptionModes: [encryptionMode] } });
      const workDir = join(result.directory, "..", "..");
      const kept = await keptOf(fixture, ALICE.id, [workDir]);
      expect(kept.length).toBeGreaterThan(40);
      expect(kept.filter((index) => index * PACKET_MS >= 1_990)).toEqual([]);
      const others = await keptOf(fixture, BOB.id, [workDir]);
      // A yes after 1 s: half a second before it nothing is kept, a second after it everything is.
      const bounds = mode === "opt-in" ? { notBefore: 25, allFrom: 100 } : { notBefore: 0, allFrom: 50 };
      expect(others.filter((index) => index >= bounds.allFrom)).toEqual(range(bounds.allFrom, 200));
      expect(others[0]).toBeGreaterThanOrEqual(bounds.notBefore);
      const { datagrams } = result.manifest;
      expect(datagrams.received).toBe(400);
      expect(datagrams.written + datagrams.dropped.not_recording).toBe(400);
      expect(participantOf(result, ALICE)).toMatchObject({ consent: "declined", datagrams: { written: kept.length } });
    },
  );

  it("in opt-in keeps nothing from a person who did not answer", async () => {
    const fixture = talks(2_000);
    const result = await recorded(fixture, "opt-in");
    for (const { id } of [ALICE, BOB])
      expect(await keptOf(fixture, id, [join(result.directory, "..", "..")])).toEqual([]);
    expect(result.manifest).toMatchObject({ consentMode: "opt-in", tracks: [], speakers: [] });
    expect(participantOf(result, ALICE)).toMatchObject({ consent: "unanswered", withheld: [expect.anything()] });
  });

  it.skipIf(missing("opusinfo"))(
    "records people again after they change their mind, in a new file at the right time",
    async () => {
      const fixture = talks(4_000, [
        press(1_010, ALICE, NOTICE_TEXTS.en.decline),
        press(2_990, ALICE, NOTICE_TEXTS.en.allow),
      ]);
      const result = await recorded(fixture, "opt-out");
      const kept = await keptOf(fixture, ALICE.id, [join(result.directory, "..", "..")]);
      expect(kept.filter((index) => index * PACKET_MS >= 1_010 && index * PACKET_MS < 2_900)).toEqual([]);
      expect(kept.slice(-45)).toEqual(range(155, 200));
      const parts = result.manifest.tracks.filter(({ speakerId }) => speakerId === ALICE.id);
      expect(parts.map(({ part }) => part)).toEqual([1, 2]);
      expect(parts[1]?.startOffsetMs).toBeGreaterThan(2_800);
      expect(participantOf(result, ALICE)?.withheld).toHaveLength(1);
      await expectOpusinfoAccepts(result);
    },
  );

  it("keeps the messages of people who decline out of the chat, and their voice out of a capture", async () => {
    const captures = await mkdtemp(join(tmpdir(), "meetbot-captures-"));
    const fixture = talks(2_000, [
      says(300, 1, { author: ALICE }),
      press(590, ALICE, NOTICE_TEXTS.en.decline),
      says(1_000, 2, { author: ALICE }),
      says(1_000, 3, { author: BOB }),
    ]);
    const result = await recorded(fixture, "opt-out", { environment: { MEETBOT_CAPTURE_DIR: captures } });
    const captured = await keptOf(fixture, ALICE.id, [captures]);
    expect(captured.length).toBeGreaterThan(20);
    // It is written as packets come: those of the moment that the press takes to arrive are in it.
    expect(captured.filter((index) => index * PACKET_MS >= 1_000)).toEqual([]);
    const contents = (await chatOf(result)).map((line) => ("content" in line ? line.content : ""));
    expect(contents.slice(1)).toEqual(["message 1", "message 3"]);
  });

  it("is requested and answered during the call: only the person who clicks sees the answer, and the webhook gets it", async () => {
    await using receiver = await WebhookReceiver.start();
    const answers: (PressAnswer | undefined)[] = [];
    const result = await recorded(talks(2_000), "opt-out", {
      environment: {
        MEETBOT_WEBHOOK_URL: receiver.url,
        MEETBOT_WEBHOOK_SECRET: "a secret",
        MEETBOT_WEBHOOK_ALLOW_PRIVATE: "true",
      },
      during: async (_worker, loopback) => {
        while (loopback.posted.length === 0) await setTimeout(20);
        // People who are not in the call may also answer.
        const { userId } = loopback.addBot("absent");
        for (const id of [ALICE.id, userId]) answers.push(await loopback.press(id, NOTICE_TEXTS.en.decline));
      },
    });
    const answer = { content: expect.stringContaining("You are not recorded"), ephemeral: true };
    expect(answers).toEqual([answer, answer]);
    expect(result.posted[0]?.buttons).toEqual([]);
    const answerEvents = receiver.requests.flatMap(({ envelope: { event, data } }) =>
      event === "bot.recording_permission_response" ? [data] : [],
    );
    expect(answerEvents).toMatchObject([
      { jobId: "test", granted: false, participant: { id: ALICE.id, username: "alice" } },
      { jobId: "test", granted: false, participant: { username: "absent" } },
    ]);
  });
});

describe.concurrent("notices, through the worker", () => {
  it("are posted at the start and at the end by default, in the text channel, and appear in the chat", async () => {
    const result = await recorded(talks(1_000), undefined);
    expect(result.posted).toMatchObject([
      {
        channelId: TEXT_CHANNEL_ID,
        content: expect.stringContaining("being recorded"),
        buttons: [],
        allowedMentions: [],
      },
      { channelId: TEXT_CHANNEL_ID, content: expect.stringContaining("has ended"), buttons: [] },
    ]);
    expect(await chatOf(result)).toMatchObject([
      { type: "message.create", author: { bot: true, username: "recorder" }, content: result.posted[0]?.content },
    ]);
    expect(result.manifest).toMatchObject({ consentMode: "notice", warnings: [] });
  });

  it("go to the voice channel's own chat if there is not a text channel", async () => {
    const fixture = talks(1_000);
    const { textChannel: _, ...header } = fixture.header;
    const result = await recorded({ ...fixture, header }, "opt-out");
    expect(result.posted.map(({ channelId }) => channelId)).toEqual([CHANNEL_ID, CHANNEL_ID]);
    // The buttons are gone once nobody can answer any more.
    expect(result.posted.map(({ buttons }) => buttons)).toEqual([[], []]);
  });

  it("that cannot be posted cause a warning, and the recording is complete", async () => {
    const fixture = talks(1_000);
    const deniedPermissions = { [TEXT_CHANNEL_ID]: ["sendMessages"] } as const;
    const result = await recorded(fixture, "notice", { loopback: { deniedPermissions } });
    expect(result.manifest.warnings).toMatchObject([
      { code: "notice_not_posted", text: expect.stringContaining("Send Messages") },
    ]);
    expect(result.manifest.datagrams).toMatchObject({ received: 100, written: 100 });
  });
});

describe.concurrent("the spoken notice", () => {
  const spoken = checkOggOpus(readFileSync("config/notice.ogg")).packets.map(({ opus }) => opus.toString("hex"));

  it.each([
    ["aead_aes256_gcm_rtpsize", 1],
    ["aead_xchacha20_poly1305_rtpsize", 1],
    ["aead_aes256_gcm_rtpsize", 0],
  ] as const)(
    "is heard by everyone, encrypted like all other audio, and recorded by nobody (%s, DAVE %i)",
    async (mode, dave) => {
      const sent: Buffer[] = [];
      const fixture = talks(5_000);
      let heard: Loopback["heard"] = [];
      const result = await recorded(fixture, undefined, {
        environment: { MEETBOT_NOTICE_AUDIO: "default" },
        loopback: {
          encryptionModes: [mode],
          daveProtocolVersion: dave,
          onClientPacket: ({ rtp }) => sent.push(rtp),
        },
        before: (loopback) => {
          ({ heard } = loopback);
        },
      });
      expect(spoken.length).toBeGreaterThan(50);
      for (const { id } of [ALICE, BOB]) {
        const opus = heard.filter(({ byUserId }) => byUserId === id).map((packet) => packet.opus?.toString("hex"));
        // A frame of the connection's opening silence may still be on its way; the library ends with silence too.
        const packets = opus.slice(opus.findIndex((packet) => packet !== "f8fffe"));
        expect(packets.slice(0, spoken.length)).toEqual(spoken);
        expect(new Set(packets.slice(spoken.length))).toEqual(new Set(["f8fffe"]));
      }
      const readable = spoken.filter(
        (packet) => packet.length > 40 && sent.some((rtp) => rtp.toString("hex").includes(packet)),
      );
      expect(readable.length === 0).toBe(dave === 1);
      expect(result.manifest.speakers.map(({ id }) => id).sort()).toEqual([ALICE.id, BOB.id]);
      expect(result.manifest.participants).toHaveLength(2);
      expect(result.manifest).toMatchObject({ warnings: [], datagrams: { received: 500, written: 500 } });
      const events = await readFile(join(result.directory, "events.jsonl"), "utf8");
      expect(events).toContain('"type":"notice_spoken"');
    },
  );

  it("waits until the encrypted group is joined, because its members refuse unencrypted audio", async () => {
    let heard: Loopback["heard"] = [];
    await recorded(talks(7_000), undefined, {
      environment: { MEETBOT_NOTICE_AUDIO: "default" },
      loopback: { daveCommitters: "speakers" },
      before: (loopback) => {
        ({ heard } = loopback);
        for (const welcomeOrCommit of [29, 30]) loopback.faults.holdOpcode(welcomeOrCommit, 1_000);
      },
    });
    const packets = heard.filter(({ byUserId }) => byUserId === ALICE.id).map(({ opus }) => opus?.toString("hex"));
    expect(packets.slice(0, spoken.length)).toEqual(spoken);
  });

  it.each([500, 2_000])("has no gap for anyone if keys change while it plays, op 22 %i ms late", async (lateMs) => {
    let heard: Loopback["heard"] = [];
    const fixture = talks(9_000);
    const carol = person(3);
    const visit: CallEvent[] = [
      { atMs: 1_200, type: "join", user: carol },
      { atMs: 9_100, type: "leave", userId: carol.id },
    ];
    const events = [...fixture.events, ...visit].sort((one, other) => one.atMs - other.atMs);
    const result = await recorded({ ...fixture, events }, undefined, {
      environment: { MEETBOT_NOTICE_AUDIO: "default" },
      loopback: { behaviour: { executeTransitionAfterMs: lateMs } },
      before: (loopback) => {
        ({ heard } = loopback);
      },
    });
    const packets = heard.filter(({ byUserId }) => byUserId === ALICE.id).map(({ opus }) => opus?.toString("hex"));
    expect(packets.filter((packet) => packet !== "f8fffe")).toEqual(spoken.filter((packet) => packet !== "f8fffe"));
    expect(result.manifest.warnings).toEqual([]);
  });

  it("may be a custom file; a file that cannot be played is refused at the start", async () => {
    const folder = await mkdtemp(join(tmpdir(), "meetbot-notice-"));
    await writeFile(join(folder, "noise.ogg"), "no Ogg at all");
    const run = await runCommand(["record"], {
      DISCORD_BOT_TOKEN: "MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.abcdefghijklmnopqrstuvwxyz",
      MEETBOT_MEETING_URL: "discord://100000000000000001/100000000000000002",
      MEETBOT_SPOOL_DIR: join(folder, "spool"),
      MEETBOT_NOTICE_AUDIO: join(folder, "noise.ogg"),
    });
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain("noise.ogg cannot be spoken, expected an Ogg Opus file of at most 30 s");
  });

  it("causes a warning if the bot is not allowed to speak", async () => {
    const result = await recorded(talks(1_000), undefined, {
      environment: { MEETBOT_NOTICE_AUDIO: "default" },
      loopback: { deniedPermissions: { [CHANNEL_ID]: ["speak"] } },
    });
    expect(result.manifest.warnings).toEqual([
      {
        code: "notice_not_spoken",
        text: "the notice was not spoken: the bot lacks the permission Speak in the channel",
      },
    ]);
    expect(result.manifest.datagrams).toMatchObject({ received: 100, written: 100 });
  });
});

describe.concurrent("the nickname", () => {
  const namesIn = async (deniedPermissions: LoopbackOptions["deniedPermissions"]) => {
    let names: Loopback["nicknames"] = [];
    const result = await recorded(talks(1_000), undefined, {
      environment: { MEETBOT_NICKNAME_PREFIX: "[REC] " },
      loopback: { deniedPermissions: deniedPermissions ?? {} },
      before: ({ nicknames }) => {
        names = nicknames;
      },
    });
    return { names, warnings: result.manifest.warnings };
  };

  it("has the prefix while recording continues, and is restored afterwards", async () => {
    expect(await namesIn({})).toEqual({ names: ["[REC] recorder", null], warnings: [] });
  });

  it("stays unchanged if the bot cannot change it, with a warning", async () => {
    expect(await namesIn({ [GUILD_ID]: ["changeNickname"] })).toEqual({
      names: [],
      warnings: [
        {
          code: "nickname_not_changed",
          text: "the bot's nickname was not changed: the bot lacks the permission Change Nickname",
        },
      ],
    });
  });
});
