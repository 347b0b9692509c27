import { randomBytes } from "node:crypto";
import { createConnection } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import type { EncryptionMode, Loopback, LoopbackOptions } from "../../src/loopback/loopback.ts";
import { type ClientLine, ClientProcess } from "../support/client-process.ts";
import { testLoopback } from "../support/test-loopback.ts";
import { person, saidBy, type ToneSpeaker, toneCall } from "../support/tone-call.ts";

const GCM: EncryptionMode = "aead_aes256_gcm_rtpsize";
const XCHACHA: EncryptionMode = "aead_xchacha20_poly1305_rtpsize";
const [ALICE, BOB, CAROL] = [person(1), person(2), person(3)];

function start(script: string, environment: Readonly<Record<string, string>>): ClientProcess {
  const client = new ClientProcess(script, environment);
  onTestFinished(() => client.kill());
  return client;
}

const isReady = (lines: readonly ClientLine[]): boolean => lines.some(({ type }) => type === "ready");
const errorsOf = (client: ClientProcess) => client.lines.filter(({ type }) => type === "error");

/** discord.js records a whole call. @returns once it has heard every packet that was sent to it. */
async function record(speakers: readonly ToneSpeaker[], options: Partial<LoopbackOptions>) {
  const fixture = toneCall(speakers);
  const loopback = await testLoopback({ fixture, ...options });
  const client = start("discord-js.mjs", loopback.environment);
  await loopback.played;
  await client.until(() => heardAll(client, loopback));
  return { fixture, loopback, client };
}

function heardAll(client: ClientProcess, { sent }: Loopback): boolean {
  return [...sent].every(([userId, count]) => client.heard(userId).length >= count);
}

describe.each([
  { mode: GCM, dave: 1, committers: "speakers" },
  { mode: GCM, dave: 1, committers: "clients" },
  { mode: XCHACHA, dave: 1, committers: "speakers" },
  { mode: GCM, dave: 0, committers: "speakers" },
  { mode: XCHACHA, dave: 0, committers: "speakers" },
] as const)(
  "discord.js in a call with $mode, DAVE version $dave, $committers committing",
  ({ mode, dave, committers }) => {
    it("hears every speaker bit for bit, from the first packet on, through joins and leaves", async () => {
      const { fixture, loopback, client } = await record(
        [
          { user: ALICE, speaksFromMs: 0, packetCount: 90 },
          { user: BOB, speaksFromMs: 0, packetCount: 30, leavesAtMs: 700 },
          { user: CAROL, joinsAtMs: 900, speaksFromMs: 1_200, packetCount: 30 },
        ],
        { encryptionModes: [mode], daveProtocolVersion: dave, daveCommitters: committers },
      );
      expect(client.lines.find(({ type }) => type === "ready")).toMatchObject({ encryptionMode: mode });
      for (const { id } of [ALICE, BOB, CAROL]) {
        expect(client.heard(id)).toEqual(saidBy(fixture, id));
        expect(loopback.sent.get(id)).toBe(saidBy(fixture, id).length);
      }
      expect(errorsOf(client)).toEqual([]);
      const transitions = client.lines.filter(({ type }) => type === "transitioned").map((line) => line.transitionId);
      expect(transitions).toEqual(dave === 1 ? [1, 2, 3] : []);
      expect(await client.stop()).toBe(0);
    });
  },
);

describe("discord.js in a call with one other", () => {
  it("hears a person who leaves and comes back, in a new group", async () => {
    const fixture = toneCall([{ user: ALICE, speaksFromMs: 0, packetCount: 20, leavesAtMs: 500 }], {
      events: [{ type: "join", atMs: 1_000, user: ALICE }],
    });
    const late = toneCall([{ user: ALICE, speaksFromMs: 1_500, packetCount: 20 }]);
    const packets = [...(fixture.packets.get(ALICE.id) ?? []), ...(late.packets.get(ALICE.id) ?? [])];
    const call = { ...fixture, packets: new Map([[ALICE.id, packets]]) };
    const loopback = await testLoopback({ fixture: call });
    const client = start("discord-js.mjs", loopback.environment);
    await loopback.played;
    await client.until(() => heardAll(client, loopback));
    expect(client.heard(ALICE.id)).toEqual(saidBy(call, ALICE.id));
    expect(client.lines.filter(({ type }) => type === "transitioned")).toMatchObject([
      { transitionId: 0 }, // the first group
      { transitionId: 0 }, // alone again
      { transitionId: 0 }, // the next first group
    ]);
    expect(errorsOf(client)).toEqual([]);
  });
});

describe("Dysnomia, a second and unrelated client", () => {
  it.each([
    [GCM, 1],
    [XCHACHA, 1],
    [GCM, 0],
  ] as const)("with %s and DAVE version %i is heard by discord.js, and hears the call", async (mode, dave) => {
    const fixture = toneCall([{ user: ALICE, speaksFromMs: 500, packetCount: 50 }]);
    const loopback = await testLoopback({ fixture, encryptionModes: [mode], daveProtocolVersion: dave });
    const { userId, token } = loopback.addBot("second");
    const says = Array.from({ length: 40 }, () => `f8${randomBytes(60).toString("hex")}`);
    const second = start("dysnomia.mjs", {
      ...loopback.environment,
      DISCORD_BOT_TOKEN: token,
      CLIENT_SAYS: says.join(","),
    });
    await second.until(isReady);
    const listener = start("discord-js.mjs", loopback.environment);
    await listener.until(() => listener.heard(userId).length >= says.length);
    expect(listener.heard(userId)).toEqual(says);
    for (const client of [listener, second]) {
      await client.until(() => client.heard(ALICE.id).length === 50);
      expect(client.heard(ALICE.id)).toEqual(saidBy(fixture, ALICE.id));
      expect(errorsOf(client)).toEqual([]);
    }
  });
});

describe("a stage channel", () => {
  it("is exempt from DAVE, as on Discord", async () => {
    const fixture = toneCall([{ user: ALICE, speaksFromMs: 0, packetCount: 10 }], { stage: true });
    const loopback = await testLoopback({ fixture });
    const client = start("discord-js.mjs", loopback.environment);
    await loopback.played;
    await client.until(() => heardAll(client, loopback));
    expect(client.heard(ALICE.id)).toEqual(saidBy(fixture, ALICE.id));
  });
});

describe("the script's other events", () => {
  it("reach discord.js: messages and moves", async () => {
    const fixture = toneCall([{ user: ALICE, speaksFromMs: 0, packetCount: 0 }], {
      events: [
        { type: "message", atMs: 10, id: person(50).id, author: BOB, content: "hello", attachments: [] },
        { type: "move", atMs: 20, userId: ALICE.id, channelId: "100000000000000004" },
      ],
    });
    const loopback = await testLoopback({ fixture });
    const client = start("discord-js.mjs", loopback.environment);
    await loopback.played;
    await client.until((lines) => lines.some(({ userId, to }) => userId === ALICE.id && to === "100000000000000004"));
    // Its content is empty: this client has not asked for the Message Content intent.
    expect(client.lines.filter(({ type }) => type === "message")).toEqual([
      { type: "message", id: person(50).id, content: "" },
    ]);
  });
});

describe("closing", () => {
  it("ends a client's sockets, leaves no listener, and may be repeated", async () => {
    const loopback = await testLoopback();
    const client = start("discord-js.mjs", loopback.environment);
    await client.until(isReady);
    await Promise.all([loopback.close(), loopback.close()]);
    const { port } = new URL(loopback.restUrl);
    const refused = new Promise((resolve) => {
      createConnection({ host: "127.0.0.1", port: Number(port) }).once("error", resolve);
    });
    expect(await refused).toMatchObject({ code: "ECONNREFUSED" });
  });

  it("leaves nothing that keeps a process alive, not even a session that waits to be resumed", async () => {
    const script = start("open-and-close.ts", {});
    await script.until((lines) => lines.some(({ type }) => type === "closed"));
    expect(await script.stop()).toBe(0);
  });
});
