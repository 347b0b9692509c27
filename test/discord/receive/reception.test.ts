import { describe, expect, it } from "vitest";
import type { DropFate } from "../../../src/audio/fates.ts";
import type { KeyEvent } from "../../../src/discord/dave/dave-keeper.ts";
import type { DaveState } from "../../../src/discord/dave/open-frame.ts";
import { type RosterState, VoiceRoster } from "../../../src/discord/guild/roster.ts";
import { Reception } from "../../../src/discord/receive/reception.ts";
import type { CallListener, VoiceFrame } from "../../../src/recording/ports/voice.ts";
import type { CallEnd } from "../../../src/session/exit.ts";
import { datagram, fakeDave, sealed, speech, TRANSPORT_KEY } from "../../support/sealed-voice.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const SELF = "200000000000000000";
const ALICE = "200000000000000001";
const BOB = "200000000000000002";
const JUKEBOX = "200000000000000003";
const CHANNEL = "100000000000000002";
const SILENCE = Buffer.from("f8fffe", "hex");
const WELCOME: KeyEvent = { kind: "welcome", transitionId: 0, epoch: 1n };

function rosterOf(...names: readonly (readonly [id: string, name: string, bot: boolean])[]): VoiceRoster {
  const roster = new VoiceRoster(SELF, CHANNEL);
  for (const [id, name, bot] of names) {
    const user = { id, username: name, global_name: null, discriminator: "0", avatar: null, bot };
    roster.update({
      ...{ user_id: id, channel_id: CHANNEL, session_id: "s", member: { user, roles: [], joined_at: null, flags: 0 } },
      ...{ mute: false, deaf: false, self_mute: false, self_deaf: false, self_video: false, suppress: false },
      request_to_speak_timestamp: null,
    } as unknown as RosterState);
  }
  return roster;
}

/** A reception on one connection, its incoming datagrams, and its output. */
async function receptionOf(dave: DaveState | undefined, recordsPlaintext = false) {
  const clock = new VirtualClock();
  const frames: VoiceFrame[] = [];
  const drops: [DropFate, string | undefined][] = [];
  const warnings: string[] = [];
  const states: string[] = [];
  const asked: string[] = [];
  const ends: CallEnd[] = [];
  const listener: CallListener = {
    frame: (frame) => frames.push(frame),
    dropped: (fate, userId) => drops.push([fate, userId]),
    connection: (state) => states.push(state),
    warning: (code, text) => warnings.push(`${code}: ${text}`),
    roster: () => undefined,
    rosterKnown: () => undefined,
    moved: () => undefined,
    ended: () => undefined,
    active: () => undefined,
  };
  const roster = rosterOf([ALICE, "Alice", false], [BOB, "Bob", false], [JUKEBOX, "Jukebox", true]);
  const reception = new Reception({
    openssl: () => undefined,
    clock,
    recordsPlaintext,
    roster: () => roster,
    listener: () => listener,
    regroup: () => asked.push("regroup"),
    rejoin: () => asked.push("rejoin"),
    end: (end) => ends.push(end),
    onDebug: (message) => asked.push(message),
  });
  const start = () =>
    reception.start({ encryptionMode: "aead_aes256_gcm_rtpsize", secretKey: TRANSPORT_KEY, dave: () => dave });
  start();
  if (dave !== undefined) reception.keyEvent(WELCOME);
  let sequence = 0;
  const receive = (ssrc: number, payload: Buffer): void => {
    sequence += 1;
    reception.receive(datagram(ssrc, sequence, Buffer.from(payload)), clock.nowMs());
  };
  /** A packet every 20 ms. */
  const receiveFor = async (durationMs: number, ssrc: number, payload: Buffer): Promise<void> => {
    for (let ms = 0; ms < durationMs; ms += 20) {
      receive(ssrc, payload);
      if (ms % 100 === 0) reception.poll(clock.nowMs());
      await clock.advance(20);
    }
    reception.poll(clock.nowMs());
  };
  const heard = () => frames.map(({ userId, connection }) => [userId, connection]);
  return { reception, clock, start, receive, receiveFor, frames, heard, drops, warnings, states, asked, ends };
}

describe("the reception of a call", () => {
  it("hands out frames with their connection, and reports the fate of waiting packets when it ends", async () => {
    const call = await receptionOf(undefined);
    call.reception.claim(5, ALICE);
    call.receive(5, speech(1));
    call.receive(6, speech(1));
    expect(call.drops).toEqual([]);
    call.start();
    expect(call.drops).toEqual([["unattributed", undefined]]);
    // A new connection knows no speakers.
    call.receive(5, speech(2));
    call.reception.claim(5, BOB);
    expect(call.heard()).toEqual([
      [ALICE, 1],
      [BOB, 2],
    ]);
    call.receive(6, speech(1));
    expect(call.reception.isStarted).toBe(true);
    call.reception.close();
    expect(call.drops).toHaveLength(2);
    expect(call.reception.isStarted).toBe(false);
    call.receive(5, speech(3));
    expect(call.frames).toHaveLength(2);
  });

  it("opens waiting packets when keys or people arrive, and packets waiting for their turn before keys are dropped", async () => {
    const dave = fakeDave([SELF, ALICE, BOB]);
    const call = await receptionOf(dave);
    dave.session.keysOf.clear();
    call.receive(5, sealed(ALICE, speech(1)));
    await call.clock.advance(200);
    call.reception.poll(call.clock.nowMs());
    dave.session.keysOf.add(ALICE);
    call.reception.keysChanged();
    expect(call.heard()).toEqual([[ALICE, 1]]);
    call.receive(6, sealed(BOB, speech(1)));
    await call.clock.advance(200);
    call.reception.poll(call.clock.nowMs());
    dave.session.keysOf.add(BOB);
    call.reception.rosterChanged();
    expect(call.heard()).toHaveLength(2);
    call.receive(6, sealed(BOB, speech(2)));
    expect(call.heard()).toHaveLength(2);
    call.reception.keysChanging();
    expect(call.heard()).toHaveLength(3);
  });

  it("says how the call is encrypted, whether keys are ready, and whether they are changing", async () => {
    const dave = fakeDave([SELF, ALICE]);
    const call = await receptionOf(dave);
    expect(call.reception.encryption()).toEqual({ daveProtocolVersion: 1, epochs: 1, plaintextPackets: 0 });
    expect([call.reception.hasKeys, call.reception.isChanging]).toEqual([true, false]);
    call.reception.keyEvent({ kind: "commit", transitionId: 7, epoch: 2n });
    expect(call.reception.isChanging).toBe(true);
    await call.clock.advance(10_000);
    expect(call.reception.isChanging).toBe(false);
    dave.session.ready = false;
    expect(call.reception.hasKeys).toBe(false);
    dave.session.ready = true;
    dave.session.epoch = 2n;
    call.reception.keysChanged();
    dave.session.epoch = 3n;
    expect(call.reception.encryption().epochs).toBe(3);
  });

  it("notes an unknown transition", async () => {
    const call = await receptionOf(fakeDave([SELF, ALICE]));
    call.reception.keyEvent({ kind: "execute_transition", transitionId: 99, wasPending: false });
    expect(call.asked).toEqual(["a transition that we do not know was executed"]);
  });
});

describe("speech that no key opens", () => {
  it("from a member makes the bot rejoin the group, then the channel, with a warning; then the call ends", async () => {
    const dave = fakeDave([SELF, ALICE, BOB]);
    const call = await receptionOf(dave);
    dave.session.keysOf.clear();
    call.reception.claim(5, ALICE);
    await call.receiveFor(3_000, 5, sealed(ALICE, speech(1)));
    expect(call.asked).toEqual(["speech cannot be decrypted: joining the encrypted group again", "regroup"]);
    expect(call.states).toEqual(["unheard"]);
    await call.receiveFor(8_000, 5, sealed(ALICE, speech(1)));
    expect(call.asked.filter((what) => what === "rejoin")).toHaveLength(1);
    expect(call.warnings).toEqual([
      "capture_stalled: people speak, but nothing can be heard; the bot leaves the channel and joins it again",
    ]);
    await call.receiveFor(33_000, 5, sealed(ALICE, speech(1)));
    expect(call.ends).toMatchObject([{ exitReason: "network_loss", failureCode: "recording_disabled" }]);
  });

  it("is excused if the keys change meanwhile", async () => {
    const dave = fakeDave([SELF, ALICE, BOB]);
    const call = await receptionOf(dave);
    dave.session.keysOf.clear();
    call.reception.claim(5, ALICE);
    call.reception.keyEvent({ kind: "commit", transitionId: 7, epoch: 2n });
    await call.receiveFor(900, 5, sealed(ALICE, speech(1)));
    call.reception.keyEvent({ kind: "execute_transition", transitionId: 7, wasPending: true });
    await call.receiveFor(400, 5, sealed(ALICE, speech(1)));
    expect([call.asked, call.states]).toEqual([[], []]);
  });

  it("from a person outside the group is that person's, who is named", async () => {
    const call = await receptionOf(fakeDave([SELF, ALICE]));
    call.reception.claim(5, BOB);
    await call.receiveFor(4_000, 5, sealed(BOB, speech(1)));
    expect(call.asked).toEqual([]);
    expect(call.warnings).toEqual([
      `speaker_outside_group: Bob (${BOB}) speaks, but is not in the call's encrypted group: nobody in the call has a key for it, so it is not recorded`,
    ]);
  });

  it("from a person outside our group may be our fault, after an unknown transition", async () => {
    const call = await receptionOf(fakeDave([SELF, ALICE]));
    call.reception.keyEvent({ kind: "execute_transition", transitionId: 99, wasPending: false });
    call.reception.claim(5, BOB);
    await call.receiveFor(2_000, 5, sealed(BOB, speech(1)));
    expect(call.asked).toContain("regroup");
  });

  it("from a bot is no gap and no reason to rejoin; a stranger without a name is named by id", async () => {
    const dave = fakeDave([SELF, ALICE, JUKEBOX]);
    const call = await receptionOf(dave);
    dave.session.keysOf.delete(JUKEBOX);
    call.reception.claim(5, JUKEBOX);
    await call.receiveFor(4_000, 5, sealed(JUKEBOX, speech(1)));
    expect([call.asked, call.states]).toEqual([[], []]);
    const stranger = "200000000000000009";
    call.reception.claim(6, stranger);
    await call.receiveFor(4_000, 6, sealed(stranger, speech(1)));
    expect(call.warnings.map((text) => text.slice(0, 70))).toEqual([
      `speaker_undecryptable: Jukebox (${JUKEBOX}) speaks, but none of their keys`.slice(0, 70),
      `speaker_outside_group: ${stranger} speaks, but is not in the call's`.slice(0, 70),
    ]);
  });

  it("from unknown senders is no reason to rejoin the group", async () => {
    const dave = fakeDave([SELF, ALICE]);
    dave.session.keysOf.clear();
    const call = await receptionOf(dave);
    await call.receiveFor(11_000, 5, sealed(ALICE, speech(1)));
    expect(call.asked).toEqual(["rejoin"]);
  });

  it("has no effect while the connection is lost or the bot is deafened, and the report says which", async () => {
    const dave = fakeDave([SELF, ALICE]);
    const call = await receptionOf(dave);
    dave.session.keysOf.clear();
    call.reception.claim(5, ALICE);
    call.reception.setDisconnected(true);
    await call.receiveFor(2_000, 5, sealed(ALICE, speech(1)));
    call.reception.setDisconnected(false);
    call.reception.setDeafened(true);
    expect(call.reception.deafened).toBe(true);
    await call.receiveFor(2_000, 5, sealed(ALICE, speech(1)));
    expect(call.asked).toEqual([]);
    expect(new Set(call.states)).toEqual(new Set(["reconnecting", "unheard"]));
  });
});

describe("unencrypted frames in an encrypted call", () => {
  it("are dropped, their speaker is named once, and they do not count as a failure to decrypt", async () => {
    const call = await receptionOf(fakeDave([SELF, ALICE]));
    call.reception.claim(5, ALICE);
    await call.receiveFor(12_000, 5, speech(1));
    expect(call.frames).toEqual([]);
    expect(new Set(call.drops.map(String))).toEqual(new Set([`dave_plaintext,${ALICE}`]));
    expect(call.warnings).toEqual([
      `speaker_not_encrypted: Alice (${ALICE}) sends audio without end-to-end encryption in an encrypted call, so it is not recorded`,
    ]);
    expect([call.asked, call.states]).toEqual([[], ["unheard"]]);
    expect(call.reception.encryption().plaintextPackets).toBe(0);
  });

  it("are recorded and counted if the settings allow it", async () => {
    const call = await receptionOf(fakeDave([SELF, ALICE]), true);
    call.reception.claim(5, ALICE);
    await call.receiveFor(2_000, 5, speech(1));
    expect(call.frames).toHaveLength(100);
    expect(call.warnings).toEqual([
      `plaintext_recorded: Alice (${ALICE}) sends audio without end-to-end encryption in an encrypted call; it is recorded because the settings say so`,
    ]);
    expect(call.states).toEqual([]);
    expect(call.reception.encryption().plaintextPackets).toBe(100);
  });

  it("from a bot are no gap, and those without sound cause no warning", async () => {
    const call = await receptionOf(fakeDave([SELF, ALICE]));
    call.reception.claim(5, JUKEBOX);
    await call.receiveFor(2_000, 5, speech(1));
    expect(call.states).toEqual([]);
    expect(call.warnings).toHaveLength(1);
    call.reception.claim(6, ALICE);
    // An Opus packet whose frame was not sent.
    await call.receiveFor(2_000, 6, Buffer.from([0x78]));
    expect(call.warnings).toHaveLength(1);
    expect(call.states).toEqual([]);
    expect(call.drops).toHaveLength(200);
    await call.receiveFor(100, 6, SILENCE);
    expect(call.frames).toHaveLength(5);
  });

  it("are recorded before the call is encrypted, and for 10 s after that", async () => {
    const dave = fakeDave([SELF, ALICE]);
    dave.protocolVersion = 0;
    dave.session.ready = false;
    const call = await receptionOf(dave);
    call.reception.claim(5, ALICE);
    call.receive(5, speech(1));
    dave.protocolVersion = 1;
    call.reception.keyEvent({ kind: "commit", transitionId: 7, epoch: 1n });
    call.reception.keyEvent({ kind: "execute_transition", transitionId: 7, wasPending: true });
    await call.clock.advance(9_999);
    call.receive(5, speech(1));
    expect(call.frames).toHaveLength(2);
    await call.clock.advance(1);
    call.receive(5, speech(1));
    expect(call.drops).toEqual([["dave_plaintext", ALICE]]);
  });
});

it("Before the first connection nothing is received, and nothing is missing.", () => {
  const reception = new Reception({
    openssl: () => undefined,
    ...{ clock: new VirtualClock(), recordsPlaintext: false, roster: () => undefined, listener: () => undefined },
    ...{ regroup: () => undefined, rejoin: () => undefined, end: () => undefined, onDebug: () => undefined },
  });
  for (const act of [
    () => reception.receive(Buffer.alloc(40), 0),
    () => reception.claim(5, ALICE),
    () => reception.rosterChanged(),
    () => reception.keysChanging(),
    () => reception.keysChanged(),
    () => reception.poll(0),
    () => reception.setDisconnected(true),
    () => reception.close(),
  ])
    act();
  expect([reception.isStarted, reception.hasKeys, reception.isChanging, reception.deafened]).toEqual([
    ...[false, true, false, false],
  ]);
});

it("Without a roster and a listener speech is still judged and counted.", async () => {
  const clock = new VirtualClock();
  const asked: string[] = [];
  const dave = fakeDave([SELF, ALICE]);
  const reception = new Reception({
    openssl: () => undefined,
    ...{ clock, recordsPlaintext: true, roster: () => undefined, listener: () => undefined },
    ...{ regroup: () => asked.push("regroup"), rejoin: () => asked.push("rejoin") },
    ...{ end: ({ exitReason }: CallEnd) => asked.push(exitReason), onDebug: () => undefined },
  });
  const encryption = { encryptionMode: "aead_aes256_gcm_rtpsize", secretKey: TRANSPORT_KEY };
  reception.start({ ...encryption, dave: () => dave });
  reception.keyEvent(WELCOME);
  const receiveFor = async (durationMs: number, ssrc: number, payload: Buffer): Promise<void> => {
    for (let ms = 0; ms < durationMs; ms += 20) {
      reception.receive(datagram(ssrc, ms / 20, Buffer.from(payload)), clock.nowMs());
      reception.poll(clock.nowMs());
      await clock.advance(20);
    }
  };
  // Nobody claims it, and nobody is known whose keys could open it.
  await receiveFor(200, 4, sealed(ALICE, speech(1)));
  reception.claim(5, ALICE);
  await receiveFor(1_000, 5, speech(1));
  expect(reception.encryption().plaintextPackets).toBe(50);
  dave.session.keysOf.clear();
  reception.claim(6, ALICE);
  await receiveFor(45_000, 6, sealed(ALICE, speech(1)));
  expect(asked.filter((what) => what !== "regroup")).toEqual(["rejoin", "rejoin", "rejoin", "network_loss"]);
  expect(asked[0]).toBe("regroup");
});

describe("a new connection", () => {
  it("begins with the version that it has, and as if nothing had been unheard", async () => {
    const dave = fakeDave([SELF, ALICE]);
    const call = await receptionOf(dave);
    dave.session.keysOf.clear();
    call.reception.claim(5, ALICE);
    await call.receiveFor(9_000, 5, sealed(ALICE, speech(1)));
    call.start();
    call.reception.keyEvent(WELCOME);
    call.reception.claim(5, ALICE);
    await call.receiveFor(9_000, 5, sealed(ALICE, speech(1)));
    expect(call.asked).not.toContain("rejoin");
    dave.protocolVersion = 0;
    call.start();
    call.reception.claim(5, ALICE);
    call.receive(5, speech(1));
    expect(call.heard()).toEqual([[ALICE, 3]]);
  });

  it("opens what waits for its turn before the bot joins the group again", async () => {
    const dave = fakeDave([SELF, ALICE, BOB]);
    dave.session.keysOf.delete(ALICE);
    const call = await receptionOf(dave);
    call.reception.claim(5, ALICE);
    call.reception.claim(6, BOB);
    for (let ms = 0; call.asked.length === 0; ms += 20) {
      call.receive(5, sealed(ALICE, speech(1)));
      await call.clock.advance(20);
      if (ms >= 480) call.receive(6, sealed(BOB, speech(ms & 0xff)));
      call.reception.poll(call.clock.nowMs());
    }
    expect(call.asked).toEqual(["speech cannot be decrypted: joining the encrypted group again", "regroup"]);
    expect(call.heard().length).toBeGreaterThan(0);
    expect(call.heard().every(([userId]) => userId === BOB)).toBe(true);
  });
});
