import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { buildRtpHeader } from "../../src/audio/rtp.ts";
import { parseScript } from "../../src/fixture/read-script.ts";

import { join } from "../support/raw-client.ts";
import { testLoopback } from "../support/test-loopback.ts";
import { person, toneCall } from "../support/tone-call.ts";

const [ALICE, BOB] = [person(1), person(2)];
/** Alice speaks, Bob is there and says nothing. */
const fixture = toneCall([
  { user: ALICE, speaksFromMs: 600, packetCount: 20 },
  { user: BOB, speaksFromMs: 0, packetCount: 0 },
]);
const plain = { fixture, daveProtocolVersion: 0 } as const;

type Joined = Awaited<ReturnType<typeof join>>;

const dataOf = ({ socket }: Joined, op: number) =>
  socket.frames.flatMap((frame) => (!Buffer.isBuffer(frame) && frame.op === op ? [frame.d] : []));

/** Waits for op 5 with these flags. */
async function untilSpeaking(joined: Joined, flags: number): Promise<void> {
  const isTold = () => dataOf(joined, 5).some((data) => (data as { speaking: number }).speaking === flags);
  while (!isTold()) await joined.socket.change();
}

describe("a client that connects", () => {
  it("gets op 5 with speaking 0 for everyone in the channel, and op 5 again when one of them speaks", async () => {
    const joined = await join(await testLoopback(plain));
    await untilSpeaking(joined, 1);
    expect(dataOf(joined, 5)).toEqual([
      { user_id: ALICE.id, ssrc: 1_000, speaking: 0 },
      { user_id: BOB.id, ssrc: expect.any(Number), speaking: 0 },
      { user_id: ALICE.id, ssrc: 1_000, speaking: 1 },
    ]);
  });

  it("gets the flags and op 12 that the call's behaviour and faults specify", async () => {
    const loopback = await testLoopback({ ...plain, behaviour: { speakingAtConnect: 5, videoAtConnect: true } });
    const joined = await join(loopback);
    loopback.faults.speaking(BOB.id, 0);
    loopback.faults.video(BOB.id);
    await untilSpeaking(joined, 0);
    const [alice, bob] = [ALICE, BOB].map(({ id }) => expect.objectContaining({ user_id: id, speaking: 5 }));
    expect(dataOf(joined, 5).slice(0, 2)).toEqual([alice, bob]);
    await untilSpeaking(joined, 1);
    const [, , again] = dataOf(joined, 12) as { user_id: string; audio_ssrc: number }[];
    expect(again).toMatchObject({ user_id: BOB.id });
    expect(dataOf(joined, 12)[1]).toEqual(again);
  });

  it("gets no audio before it has sent a packet, if audio is withheld", async () => {
    const loopback = await testLoopback({ ...plain, behaviour: { withholdsAudio: true, speakingAtConnect: null } });
    const { udp, ready, cipher, socket } = await join(loopback);
    await socket.frame({ op: 5 });
    expect(loopback.sentOf(ALICE.id).size).toBe(0);
    const header = buildRtpHeader({ payloadType: 120, sequence: 1, rtpTimestamp: 960, ssrc: ready.ssrc });
    const first = once(udp, "message");
    udp.send(cipher.seal(header, Buffer.from("f8fffe", "hex")), ready.port, "127.0.0.1");
    expect((await first)[0].readUInt32BE(8)).toBe(1_000);
    loopback.faults.withholdAudio(false);
  });

  it("gets op 22 again or for an unknown transition, op 24, and MLS messages to ignore", async () => {
    const loopback = await testLoopback({ fixture });
    const joined = await join(loopback);
    while (!joined.socket.frames.some((frame) => Buffer.isBuffer(frame) && frame[2] === 25))
      await joined.socket.change();
    const before = joined.socket.frames.length;
    loopback.faults.executeTransition();
    loopback.faults.executeTransition(777);
    loopback.faults.prepareEpoch(2, 1);
    for (const message of ["unknown_user", "bad_signature", "wrong_epoch", "garbage", "external_sender"] as const) {
      loopback.faults.sendMls(message);
    }
    while (joined.socket.frames.length < before + 7) await joined.socket.change();
    expect(dataOf(joined, 22)).toEqual([{ transition_id: 777 }]);
    expect(dataOf(joined, 24)).toEqual([{ protocol_version: 2, epoch: 1 }]);
    const binary = joined.socket.frames.slice(before).flatMap((frame) => (Buffer.isBuffer(frame) ? [frame[2]] : []));
    expect(binary).toEqual([27, 27, 27, 27, 25]);
  });
});

describe("a call's script", () => {
  const header = {
    ...fixture.header,
    behaviour: { executeTransitionAfterMs: 1_500, speakingAtConnect: null, outsiders: [BOB.id] },
  };
  const script = (first: object) => Buffer.from(`${JSON.stringify(first)}\n{"atMs":0,"type":"end"}\n`);

  it("says how Discord behaves from the start", () => {
    expect(parseScript(script(header)).header.behaviour).toMatchObject({
      ...header.behaviour,
      withholdsAudio: false,
      startsAtConnect: false,
    });
  });

  it("is refused if Discord could not behave that way", () => {
    const wrong = { ...header, behaviour: { executeTransitionAfterMs: -1 } };
    expect(() => parseScript(script(wrong))).toThrow("whole number of milliseconds, 0 or more");
    expect(() => parseScript(script({ ...header, behaviour: { fast: true } }))).toThrow('unknown field "fast"');
  });
});
