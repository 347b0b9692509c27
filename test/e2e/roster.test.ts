import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { CallEvent, CallFixture, CallUser, VoiceFlags } from "../../src/fixture/call-script.ts";
import { type SessionEvent, sessionEvent } from "../../src/session/session-events.ts";
import { expectVerified } from "../support/judge.ts";
import { CHANNEL_ID, person, TEXT_CHANNEL_ID, toneCall } from "../support/tone-call.ts";
import { type Recorded, recordFixture } from "../support/worker.ts";

const ELSEWHERE_ID = "100000000000000004";

type RosterLine = Extract<SessionEvent, { type: `participant.${string}` }>;

async function linesOf({ directory }: Pick<Recorded, "directory">): Promise<SessionEvent[]> {
  const text = await readFile(join(directory, "events.jsonl"), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => sessionEvent.parse(JSON.parse(line)));
}

async function rosterLinesOf(recorded: Pick<Recorded, "directory">, userId: string): Promise<RosterLine[]> {
  const lines = (await linesOf(recorded)).filter((line): line is RosterLine => line.type.startsWith("participant."));
  return lines.filter(
    (line) => (line.type === "participant.leave" ? line.participantId : line.participant.id) === userId,
  );
}

/** The flags that each update line changed. */
function flagChanges(lines: readonly RosterLine[]): object[] {
  const states = lines.flatMap((line) => (line.type === "participant.leave" ? [] : [line.flags]));
  return states.slice(1).map((flags, index) => {
    const before = Object.entries(states[index] ?? {});
    return Object.fromEntries(
      Object.entries(flags).filter(([key, on]) => !before.some(([k, v]) => k === key && v === on)),
    );
  });
}

describe.concurrent("the roster of a recorded call", () => {
  const [ada, kenta, zoe, host] = [person(1), person(2), person(3), person(4)];
  const flags = (atMs: number, change: VoiceFlags): CallEvent => ({
    type: "flags",
    atMs,
    userId: ada.id,
    flags: change,
  });
  const step = 40;
  const changes: readonly [VoiceFlags, object][] = [
    [{ selfMute: true }, { selfMute: true }],
    [{ selfDeaf: true }, { selfDeaf: true }],
    [
      { selfDeaf: false, selfMute: false },
      { selfMute: false, selfDeaf: false },
    ],
    [{ mute: true }, { serverMute: true }],
    [{ deaf: true }, { serverDeaf: true }],
    [
      { mute: false, deaf: false },
      { serverMute: false, serverDeaf: false },
    ],
    [{ selfStream: true }, { streaming: true }],
    [{ selfVideo: true }, { video: true }],
    [{ suppress: true }, { suppressed: true }],
    [
      { selfStream: false, selfVideo: false, suppress: false },
      { streaming: false, video: false, suppressed: false },
    ],
  ];
  const fixture = toneCall([{ user: host, speaksFromMs: 300, packetCount: 60, leavesAtMs: 1_800 }], {
    events: [
      { type: "join", atMs: 0, user: ada, flags: { selfMute: false } },
      ...changes.map(([change], index) => flags(200 + index * step, change)),
      // Changes nothing.
      flags(700, { selfMute: false, selfVideo: false }),
      { type: "join", atMs: 0, user: { ...kenta, nick: "Ken" } },
      { type: "rename", atMs: 300, userId: kenta.id, nick: "Kenta from the office" },
      { type: "flags", atMs: 400, userId: kenta.id, flags: { selfMute: true } },
      { type: "move", atMs: 600, userId: kenta.id, channelId: ELSEWHERE_ID },
      { type: "flags", atMs: 650, userId: kenta.id, flags: { selfMute: false } },
      { type: "move", atMs: 900, userId: kenta.id, channelId: CHANNEL_ID },
      { type: "leave", atMs: 1_100, userId: kenta.id },
      { type: "join", atMs: 500, user: zoe },
      { type: "rename", atMs: 700, userId: zoe.id, displayName: "Zoë K.", username: "zoe.k" },
      {
        type: "message",
        atMs: 800,
        id: "300000000000000001",
        author: { ...zoe, displayName: "Zoë K.", username: "zoe.k" },
        content: "hello",
        attachments: [],
      },
      { type: "leave", atMs: 1_200, userId: zoe.id },
      { type: "leave", atMs: 1_300, userId: ada.id },
    ],
  });
  let recorded: Recorded;

  beforeAll(async () => {
    recorded = await recordFixture(fixture, { environment: { DISCORD_TEXT_CHANNEL_ID: TEXT_CHANNEL_ID } });
    expect(recorded.exitCode).toBe(0);
  });

  it("says who was present at the start, and who was not", async () => {
    const joins = (await linesOf(recorded)).filter((line) => line.type === "participant.join");
    const atStart = joins.filter(({ presentAtStart }) => presentAtStart).map(({ participant }) => participant.id);
    expect(atStart.sort()).toEqual([ada.id, kenta.id, host.id]);
    expect(joins.find(({ participant }) => participant.id === zoe.id)).not.toHaveProperty("presentAtStart");
  });

  it("has a line for each changed flag, and none if nothing changed", async () => {
    expect(flagChanges(await rosterLinesOf(recorded, ada.id))).toEqual(changes.map(([, expected]) => expected));
  });

  it("says where a person went and where they returned from, and nothing about the time between", async () => {
    const lines = await rosterLinesOf(recorded, kenta.id);
    expect(lines.map(({ type }) => type)).toEqual([
      "participant.join",
      "participant.update",
      "participant.leave",
      "participant.join",
      "participant.leave",
    ]);
    expect(lines[2]).toMatchObject({ movedToChannelId: ELSEWHERE_ID });
    expect(lines[3]).toMatchObject({ movedFromChannelId: ELSEWHERE_ID, flags: { selfMute: false } });
    expect(lines[4]).not.toHaveProperty("movedToChannelId");
    const [visit] = recorded.manifest.participants.filter(({ id }) => id === kenta.id);
    expect(visit?.present).toHaveLength(2);
  });

  it("gets a new nickname at the next change of the person's state", async () => {
    const [joined, updated] = await rosterLinesOf(recorded, kenta.id);
    expect(joined).toMatchObject({ participant: { displayName: "Ken" } });
    expect(updated).toMatchObject({ participant: { displayName: "Kenta from the office" }, flags: { selfMute: true } });
  });

  it("gets new names with the next message, if chat is recorded", async () => {
    const lines = await rosterLinesOf(recorded, zoe.id);
    expect(lines.map(({ type }) => type)).toEqual(["participant.join", "participant.update", "participant.leave"]);
    expect(lines[1]).toMatchObject({ participant: { username: "zoe.k", displayName: "Zoë K." } });
    expect(recorded.manifest.participants).toContainEqual(
      expect.objectContaining({ id: zoe.id, username: "zoe.k", displayName: "Zoë K." }),
    );
  });
});

/** Coming and going of fifty people, 500 times in two bursts, each burst in the same millisecond. */
function burst(): { readonly fixture: CallFixture; readonly expected: readonly string[] } {
  const host = person(99);
  const events: CallEvent[] = [];
  const expected: string[] = [];
  for (let count = 0; count < 250; count += 1) {
    const user = person(count % 50);
    const atMs = count < 125 ? 200 : 600;
    events.push({ type: "join", atMs, user }, { type: "leave", atMs, userId: user.id });
    expected.push(`participant.join ${user.id}`, `participant.leave ${user.id}`);
  }
  const fixture = toneCall([{ user: host, speaksFromMs: 100, packetCount: 50, leavesAtMs: 1_500 }], { events });
  return { fixture, expected };
}

describe.concurrent("500 joins and leaves in bursts", () => {
  it("are all in the roster, in order, and all decryptable audio is recorded", async () => {
    const { fixture, expected } = burst();
    let decryptable = 0;
    const recorded = await recordFixture(fixture, {
      during: async (worker, loopback) => {
        await worker.result;
        decryptable = loopback.decryptableOf(person(99).id).size;
      },
    });
    const described = (lines: readonly SessionEvent[]): string[] =>
      lines.flatMap((line) => {
        if (line.type === "participant.join") return [`${line.type} ${line.participant.id}`];
        return line.type === "participant.leave" ? [`${line.type} ${line.participantId}`] : [];
      });
    const host = person(99).id;
    expect(described(await linesOf(recorded)).filter((line) => !line.endsWith(host))).toEqual(expected);
    expect(described(recorded.manifest.events).filter((line) => !line.endsWith(host))).toEqual(expected);
    expect(recorded.manifest.participants).toHaveLength(51);
    // So many changes found new encrypted groups. Packets under keys that the bot did not get are declared.
    const { written, dropped } = recorded.manifest.datagrams;
    expect({ written, undecryptable: dropped.dave_undecryptable }).toEqual({
      written: decryptable,
      undecryptable: 50 - decryptable,
    });
    expect(recorded.manifest.exitReason).toBe("alone_in_room");
    await expectVerified(recorded);
  });
});

describe.concurrent("names with special characters", () => {
  const names = [
    "../../../etc/passwd",
    "<img src=x onerror=alert(1)>",
    "\u202egnp.exe\u2066",
    "nul\u0000byte",
    'quote"} \n{"type":"state"',
    "C:\\temp\\\u001b[31mred",
  ];
  const people = names.map(
    (name, index): CallUser => ({ ...person(index + 1), username: name, displayName: name, nick: name }),
  );

  it("lose only control characters, name no file, and are escaped in logs", async () => {
    const fixture = toneCall(
      people.map((user, index) => ({ user, speaksFromMs: 200 + index * 10, packetCount: 20, leavesAtMs: 1_200 })),
    );
    const recorded = await recordFixture(fixture);
    expect(recorded.exitCode).toBe(0);
    const joins = (await linesOf(recorded)).filter((line) => line.type === "participant.join");
    expect(joins.map(({ participant }) => participant.displayName).sort()).toEqual(
      names.map((name) => name.replaceAll(/\p{Cc}/gu, "\ufffd")).sort(),
    );
    const files = recorded.manifest.tracks.map(({ uri }) => uri.slice(uri.lastIndexOf("/") + 1));
    expect(files.sort()).toEqual(people.map(({ id }) => `audio.${id}.ogg`));
    for (const line of recorded.stderr.trimEnd().split("\n")) {
      expect(() => JSON.parse(line)).not.toThrow();
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      expect(line).not.toMatch(/[\u0000-\u001f\u202e\u2066]/);
    }
    await expectVerified(recorded);
  });
});
