import { describe, expect, it } from "vitest";
import type { VoiceFrame } from "../../../src/recording/ports/voice.ts";
import { SpeakerStream } from "../../../src/recording/tracks/speaker-stream.ts";

const FRAME = 960;

/** A stream, and what came out of it as [sequence, position, lost before it]. */
function speakerStream() {
  const placed: [number, number, number][] = [];
  const stream = new SpeakerStream((milliseconds) => milliseconds * 48, {
    place: ({ sequence }, positionSamples, lostBefore) => placed.push([sequence, positionSamples, lostBefore]),
    refuse: ({ sequence }) => {
      throw new Error(`${sequence} was refused`);
    },
    mayAnchor: () => true,
    stalledSamples: () => 0,
  });
  return { stream, placed };
}

/** Packets that wait: with sound, and for one before them. */
const waiting = ({ held, reorderDepth }: SpeakerStream) => [held, reorderDepth];

/** A 20 ms packet said at its sequence number's time, or one that is all padding. */
function frame(sequence: number, { arrivalMs = sequence * 20, opus = Buffer.from([0x78, 1, 2]) } = {}): VoiceFrame {
  return {
    ...{ userId: "1", ssrc: 7, connection: 1, sequence, arrivalMs, opus },
    rtpTimestamp: 5_000 + sequence * FRAME,
    durationSamples: opus.length === 0 ? 0 : FRAME,
  };
}

const SILENCE = Buffer.from("f8fffe", "hex");
const proven = (sequence: number, arrivalMs = sequence * 20): VoiceFrame => ({
  ...frame(sequence, { arrivalMs }),
  isProven: true,
});
/** As somebody else can send it under the speaker's SSRC. */
const forged = (sequence: number, arrivalMs: number): VoiceFrame => frame(sequence, { arrivalMs, opus: SILENCE });
const padding = (sequence: number): VoiceFrame => frame(sequence, { opus: Buffer.alloc(0) });

describe("SpeakerStream", () => {
  it("gives each packet its place, in order, with the loss before it", () => {
    const { stream, placed } = speakerStream();
    for (const sequence of [0, 2, 1, 3, 6, 7]) expect(stream.push(frame(sequence))).toBe("accepted");
    stream.flush();
    expect(placed).toEqual([0, 1, 2, 3, 6, 7].map((sequence) => [sequence, sequence * FRAME, sequence === 6 ? 2 : 0]));
  });

  it("gives padding a turn in the stream, and counts losses around it", () => {
    const { stream, placed } = speakerStream();
    for (const one of [frame(0), padding(1), frame(2), padding(4), padding(6), frame(7), frame(8)]) stream.push(one);
    stream.flush();
    // 3 and 5 are lost; 1, 4 and 6 are not.
    expect(placed.map(([sequence, , lost]) => [sequence, lost])).toEqual([
      [0, 0],
      [2, 0],
      [7, 2],
      [8, 0],
    ]);
  });

  it("holds its first packets until their place is decided, then those behind a hole, for a quarter of a second each", () => {
    const { stream, placed } = speakerStream();
    stream.push(frame(0));
    stream.push(padding(1));
    expect(waiting(stream)).toEqual([1, 2]);
    stream.poll(249);
    expect(placed).toEqual([]);
    stream.poll(250);
    expect(waiting(stream)).toEqual([0, 0]);
    expect(placed).toEqual([[0, 0, 0]]);
    for (let sequence = 2; sequence < 16; sequence += 1) stream.push(frame(sequence));
    expect(waiting(stream)).toEqual([0, 0]);
    for (const one of [frame(17), frame(18), padding(19)]) stream.push(one);
    expect(waiting(stream)).toEqual([2, 3]);
    expect(stream.latestMs).toBe(19 * 20);
    stream.poll(17 * 20 + 249);
    expect(waiting(stream)).toEqual([2, 3]);
    stream.poll(17 * 20 + 250);
    expect(waiting(stream)).toEqual([0, 0]);
    expect(placed.slice(-2)).toEqual([
      [17, 17 * FRAME, 1],
      [18, 18 * FRAME, 0],
    ]);
  });

  it("counts what waits for its place after reordering", () => {
    const { stream, placed } = speakerStream();
    for (let sequence = 0; sequence < 50; sequence += 1) stream.push(frame(sequence));
    // Its RTP clock stopped in a pause of 4 s. From one packet this looks the same as a stall.
    stream.push(frame(50, { arrivalMs: 5_000 }));
    expect(placed).toHaveLength(50);
    expect(waiting(stream)).toEqual([1, 0]);
    expect(stream.push(frame(50, { arrivalMs: 5_000 }))).toBe("duplicate");
  });
});

describe("silence that somebody else sends under the SSRC", () => {
  /** What came out of a stream of 100 proven packets, with forged silence before each: [sequence, isSilence]. */
  function heardUnder(forge: (sequence: number) => VoiceFrame) {
    const heard: [number, number][] = [];
    const verdicts = new Set<string>();
    const stream = new SpeakerStream((milliseconds) => milliseconds * 48, {
      place: ({ sequence, isProven }, positionSamples) => isProven && heard.push([sequence, positionSamples]),
      refuse: ({ sequence, isProven }) => {
        if (isProven) throw new Error(`${sequence} was refused`);
      },
      mayAnchor: () => false,
      stalledSamples: () => 0,
    });
    for (let sequence = 0; sequence < 300; sequence += 1) {
      if (sequence >= 20) stream.push(forge(sequence));
      verdicts.add(stream.push(proven(sequence)));
      stream.poll(sequence * 20);
    }
    stream.flush();
    return { heard, verdicts: [...verdicts] };
  }
  const ALL = Array.from({ length: 300 }, (_, sequence) => [sequence, sequence * FRAME]);

  it.each([
    ["the same numbers", (sequence: number) => forged(sequence, sequence * 20)],
    ["the next numbers", (sequence: number) => forged(sequence + 1, sequence * 20)],
    ["numbers that are far ahead", (sequence: number) => forged(sequence + 300, sequence * 20)],
    ["numbers all over the circle", (sequence: number) => forged(sequence * 7_919, sequence * 20)],
    [
      "a timestamp that jumps",
      (sequence: number) => ({ ...forged(sequence, sequence * 20), rtpTimestamp: sequence * 1_000_000 }),
    ],
  ])("costs no packet that a key proves, and moves none: %s", (_, forge) => {
    const { heard, verdicts } = heardUnder(forge);
    expect(heard).toEqual(ALL);
    expect(verdicts).toEqual(["accepted"]);
  });

  it("is refused for two seconds after it was found out, then taken again", () => {
    const { stream } = speakerStream();
    for (let sequence = 0; sequence < 20; sequence += 1) stream.push(proven(sequence));
    expect(stream.push(forged(20, 400))).toBe("accepted");
    expect(stream.push(proven(20))).toBe("accepted");
    expect(stream.push(forged(21, 2_399))).toBe("duplicate");
    expect(stream.push(forged(21, 2_400))).toBe("accepted");
  });

  it("keeps what waits behind a hole", () => {
    const { stream, placed } = speakerStream();
    for (let sequence = 0; sequence < 20; sequence += 1) stream.push(proven(sequence));
    for (const one of [
      forged(22, 400),
      forged(24, 400),
      proven(23, 401),
      proven(22, 402),
      proven(20, 410),
      proven(21, 420),
    ])
      expect(stream.push(one)).toBe("accepted");
    stream.flush();
    expect(placed.map(([sequence]) => sequence)).toEqual([...Array(20).keys(), 22, 24, 20, 21, 22, 23]);
  });

  it("changes nothing for a packet that is late or comes twice", () => {
    const { stream } = speakerStream();
    for (let sequence = 0; sequence < 20; sequence += 1) stream.push(proven(sequence));
    for (let sequence = 20; sequence < 25; sequence += 1) stream.push(forged(sequence, sequence * 20));
    for (const sequence of [26, 27]) stream.push(proven(sequence));
    stream.poll(2_000);
    expect([stream.push(proven(27)), stream.push(proven(25, 2_000))]).toEqual(["duplicate", "late"]);
    expect(stream.push(forged(28, 560))).toBe("accepted");
  });
});
