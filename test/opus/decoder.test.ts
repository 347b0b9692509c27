import { readFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { OggOpusStream } from "../../src/audio/ogg/ogg-stream.ts";
import { SILENCE_PACKET } from "../../src/audio/opus-packet.ts";
import { nativeOpus, openDecoder } from "../../src/opus/decoder.ts";
import { loadNativeOpus, type NativeOpus } from "../../src/opus/native-opus.ts";

const SPEECH = [...new OggOpusStream().push(readFileSync(new URL("../../config/notice.ogg", import.meta.url)))];
const ABSENT: NativeOpus = { kind: "absent" };
const MALFORMED = [Buffer.alloc(0), Buffer.from([0xff]), Buffer.from([0xfb, 0xff, 0xff])];

/** A replacement of Node's `require`, with what each of its two modules gives. */
function requiring(codec: unknown, resolve: () => string = () => "/somewhere") {
  return Object.assign(
    (name: string) => (name.endsWith("package.json") ? { version: "0.10.0" } : { OpusEncoder: codec }),
    { resolve },
  );
}

/** A binding whose samples show what was asked of it: rate / 1000, channels, first byte of the packet. */
class StandIn {
  readonly #rate: number;
  readonly #channels: number;
  constructor(rate: number, channels: number) {
    this.#rate = rate;
    this.#channels = channels;
  }
  decode(packet: Buffer): Buffer {
    if (packet.equals(SILENCE_PACKET)) return Buffer.alloc(3_840);
    if (packet[0] === 0xff) throw new TypeError("The compressed data passed is corrupted");
    return Buffer.from(new Int16Array([this.#rate / 1_000, this.#channels, packet[0] ?? -1]).buffer);
  }
}

describe("Choosing the decoder", () => {
  it("takes @discordjs/opus if it loads, with the requested rate and channels", async () => {
    const native = loadNativeOpus(requiring(StandIn));
    expect(native).toMatchObject({ kind: "loaded", version: "0.10.0" });
    const decoder = await openDecoder(2, 8_000, native);
    expect([...decoder.decode(Buffer.from([7, 1]))]).toEqual([8, 2, 7]);
    for (const packet of [MALFORMED[0], MALFORMED[1]]) expect(decoder.decode(packet ?? SILENCE_PACKET)).toHaveLength(0);
    decoder.free();
  });

  it("takes WebAssembly if @discordjs/opus is not installed", async () => {
    const missing = () => {
      throw Object.assign(new Error("Cannot find module"), { code: "MODULE_NOT_FOUND" });
    };
    expect(loadNativeOpus(requiring(StandIn, missing))).toEqual(ABSENT);
    const decoder = await openDecoder(1, 48_000, ABSENT);
    expect(decoder.decode(SILENCE_PACKET)).toEqual(new Int16Array(960));
    decoder.free();
  });

  it.each([
    ["was built for another Node", () => loadNativeOpus(requiring(undefined)), /OpusEncoder is not a constructor/],
    [
      "has lost its binding",
      () => {
        const load = () => {
          throw Object.assign(new Error("Cannot find module './opus.node'"), { code: "MODULE_NOT_FOUND" });
        };
        return loadNativeOpus(Object.assign(load, { resolve: () => "/somewhere" }));
      },
      /^Cannot find module/,
    ],
    [
      "decodes to another length",
      () =>
        loadNativeOpus(
          requiring(
            class {
              decode = () => Buffer.alloc(2);
            },
          ),
        ),
      /^it decoded 20 ms to 2 bytes, expected 3840$/,
    ],
  ])("takes WebAssembly if @discordjs/opus %s, and says why", async (_, load, reason) => {
    const native = load();
    expect(native).toEqual({ kind: "broken", reason: expect.stringMatching(reason) });
    const decoder = await openDecoder(1, 8_000, native);
    expect(decoder.decode(SILENCE_PACKET)).toHaveLength(160);
    decoder.free();
  });
});

const native = nativeOpus();
const absent = native.kind === "loaded" ? false : `@discordjs/opus is ${native.kind}`;

describe.each([
  ["WebAssembly", ABSENT, false],
  [`@discordjs/opus${absent === false ? "" : ` (skipped: ${absent})`}`, native, absent],
])("%s", (_, choice, skip) => {
  test.skipIf(skip)(
    "Each packet decodes to its 20 ms, and so does a lost one; a malformed one gives nothing.",
    async () => {
      for (const [channels, rate, samples] of [
        [1, 8_000, 160],
        [2, 48_000, 1_920],
      ] as const) {
        const decoder = await openDecoder(channels, rate, choice);
        for (const [index, packet] of SPEECH.entries()) {
          const lost = index % 10 === 9;
          expect(decoder.decode(lost ? packet.subarray(0, 1) : packet)).toHaveLength(samples);
        }
        for (const packet of MALFORMED) expect(decoder.decode(packet)).toHaveLength(0);
        decoder.free();
      }
    },
  );
});

test.skipIf(absent)("Both decoders give the same samples, to within one of 32,768 steps.", async () => {
  for (const channels of [1, 2] as const) {
    const [one, other] = [await openDecoder(channels, 48_000, native), await openDecoder(channels, 48_000, ABSENT)];
    for (const packet of SPEECH) {
      const [samples, same] = [one.decode(packet), other.decode(packet)];
      expect(samples).toHaveLength(same.length);
      const most = samples.reduce((max, sample, index) => Math.max(max, Math.abs(sample - (same[index] ?? 0))), 0);
      expect(most).toBeLessThanOrEqual(1);
    }
    for (const decoder of [one, other]) decoder.free();
  }
});
