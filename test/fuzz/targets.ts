import { readFileSync } from "node:fs";
import Davey from "@snazzah/davey";
import { checkOggOpus } from "../../src/audio/ogg/ogg-check.ts";
import { OggOpusWriter } from "../../src/audio/ogg/ogg-opus.ts";
import { parsePage } from "../../src/audio/ogg/ogg-page.ts";
import { parseOpusPacket } from "../../src/audio/opus-packet.ts";
import { buildRtpHeader, parseRtpHeader, stripExtensionAndPadding } from "../../src/audio/rtp.ts";
import { openFrame } from "../../src/discord/dave/open-frame.ts";
import { createTransportDecryptor } from "../../src/discord/receive/transport-decrypt.ts";
import { InputError } from "../../src/errors.ts";
import { parseScript } from "../../src/fixture/read-script.ts";
import { decodeRtpDump } from "../../src/fixture/rtpdump.ts";
import { hostileScripts, playHostile } from "./hostile-sender.ts";

/** Code that reads a stranger's bytes, and valid inputs to begin with. */
export interface FuzzTarget {
  readonly name: string;
  readonly corpus: readonly Buffer[];
  /** How many inputs the test suite tries, if one input takes long. */
  readonly inputs?: number;
  /**
   * Reads the bytes; throws if it misbehaves.
   *
   * @returns how many bytes it gave out, which must not be more than it was given
   */
  readonly run: (input: Buffer) => number;
}

const standup = (name: string): Buffer => readFileSync(new URL(`../fixtures/standup/${name}`, import.meta.url));
const dump = standup("175928847299117001.rtpdump");
const packets = decodeRtpDump(dump, "corpus")
  .packets.slice(0, 50)
  .map(({ rtp }) => rtp);

function oggFile(): Buffer {
  const writer = new OggOpusWriter({ serial: 1, vendor: "fuzz", tags: { TITLE: "fuzz" } });
  const pages = [writer.begin()];
  for (const rtp of packets) {
    const page = writer.add(rtp.subarray(12), parseOpusPacket(rtp.subarray(12))?.durationSamples ?? 960);
    if (page !== undefined) pages.push(page);
  }
  return Buffer.concat([...pages, writer.end().page]);
}

const key = Buffer.alloc(32, 1);
const gcm = createTransportDecryptor("aead_aes256_gcm_rtpsize", key, undefined);
const xchacha = createTransportDecryptor("aead_xchacha20_poly1305_rtpsize", key, undefined);
/** A real session that is in no group. It has no key, so it may give out only comfort silence. */
const session = new Davey.DAVESession(1, "200000000000000001", "200000000000000002");

export const TARGETS: readonly FuzzTarget[] = [
  {
    name: "rtp",
    corpus: [...packets, buildRtpHeader({ payloadType: 120, sequence: 1, rtpTimestamp: 2, ssrc: 3 })],
    run: (input) => {
      const header = parseRtpHeader(input);
      if (header === undefined) return 0;
      return stripExtensionAndPadding(header, input.subarray(header.clearBytes))?.length ?? 0;
    },
  },
  {
    name: "opus-packet",
    corpus: packets.map((rtp) => rtp.subarray(12)),
    run: (input) => {
      const info = parseOpusPacket(input);
      if (info !== undefined && (info.durationSamples <= 0 || info.durationSamples > 5_760)) {
        throw new RangeError(`a packet of ${info.durationSamples} samples`);
      }
      return 0;
    },
  },
  {
    name: "ogg-page",
    corpus: [oggFile()],
    run: (input) => {
      const page = parsePage(input, 0);
      if ("fault" in page) return 0;
      return page.pieces.reduce((sum, piece) => sum + piece.length, 0);
    },
  },
  {
    name: "ogg-file",
    corpus: [oggFile()],
    run: (input) => {
      const { packets: stored, faults, soundBytes } = checkOggOpus(input);
      if (faults.length === 0 && soundBytes !== input.length) throw new RangeError("no fault, but bytes left over");
      return stored.reduce((sum, { opus }) => sum + opus.length, 0);
    },
  },
  {
    name: "decrypt",
    corpus: packets.map((rtp) => Buffer.concat([rtp, Buffer.alloc(20)])),
    run: (input) => {
      const header = parseRtpHeader(input);
      if (header === undefined) return 0;
      for (const transport of [gcm, xchacha]) {
        if (transport.open(input, header) !== undefined) throw new RangeError("forged bytes were accepted");
      }
      const result = openFrame({ protocolVersion: 1, session, former: [] }, "200000000000000003", input);
      if (result.kind === "opened" && result.opus.length !== 3) throw new RangeError("bytes opened without a key");
      return 0;
    },
  },
  {
    name: "fixture call.jsonl",
    corpus: [standup("call.jsonl")],
    run: (input) => refusedOr(() => parseScript(input)),
  },
  {
    name: "fixture rtpdump",
    corpus: [dump],
    run: (input) =>
      refusedOr(() => decodeRtpDump(input, "x.rtpdump").packets.reduce((sum, { rtp }) => sum + rtp.length, 0)),
  },
  {
    name: "a member who sends what they like",
    corpus: hostileScripts(),
    inputs: 100,
    run: (input) => {
      playHostile(input.subarray(0, 200));
      return 0;
    },
  },
];

/** A fixture may be refused with an `InputError`; any other error is a fault. */
function refusedOr(read: () => unknown): number {
  try {
    const result = read();
    return typeof result === "number" ? result : 0;
  } catch (error) {
    if (error instanceof InputError) return 0;
    throw error;
  }
}
