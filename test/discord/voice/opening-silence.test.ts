import { type Networking, NetworkingStatusCode } from "@discordjs/voice";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SILENCE_PACKET } from "../../../src/audio/opus-packet.ts";
import { sendOpeningSilence } from "../../../src/discord/voice/opening-silence.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A connection whose own methods note what it is asked to send. */
function connection(code = NetworkingStatusCode.Ready) {
  const sent: unknown[] = [];
  const failures: unknown[] = [];
  const connectionData = { secretKey: new Uint8Array(32) };
  const state: { code: NetworkingStatusCode; connectionData: object; preparedPacket?: Buffer } = {
    code,
    connectionData,
  };
  const networking = {
    state,
    setSpeaking: (speaking: boolean) => sent.push(speaking),
    prepareAudioPacket: (packet: Buffer): Buffer => packet,
    dispatchAudio: () => sent.push("silence"),
  };
  const start = () => sendOpeningSilence(networking as unknown as Networking, (error) => failures.push(error));
  return { networking, sent, failures, start };
}

describe("the silence on a new connection", () => {
  it("is five frames, 20 ms apart, and then a message that we do not speak", () => {
    const { networking, sent, start } = connection();
    const prepared: Buffer[] = [];
    networking.prepareAudioPacket = (packet) => {
      prepared.push(packet);
      return packet;
    };
    start();
    expect(sent).toEqual(["silence"]);
    vi.advanceTimersByTime(19);
    expect(sent).toHaveLength(1);
    vi.advanceTimersByTime(61);
    expect(sent).toHaveLength(5);
    vi.advanceTimersByTime(1_000);
    expect(sent).toEqual(["silence", "silence", "silence", "silence", "silence", false]);
    expect(prepared).toEqual(Array.from({ length: 5 }, () => SILENCE_PACKET));
  });

  it("is not sent if the connection is not ready", () => {
    const { sent, start } = connection(NetworkingStatusCode.Identifying);
    start();
    vi.advanceTimersByTime(1_000);
    expect(sent).toEqual([]);
  });

  it("ends if the connection is lost or gets another key, because the new one gets its own", () => {
    const lost = connection();
    lost.start();
    lost.networking.state.code = NetworkingStatusCode.Closed;
    const renewed = connection();
    renewed.start();
    renewed.networking.state.connectionData = { secretKey: new Uint8Array(32) };
    vi.advanceTimersByTime(1_000);
    expect([lost.sent, renewed.sent]).toEqual([["silence"], ["silence"]]);
  });

  it("skips a frame if a player has prepared one, which has the next sequence number", () => {
    const { networking, sent, start } = connection();
    networking.state.preparedPacket = Buffer.alloc(3);
    start();
    expect(sent).toEqual([]);
    delete networking.state.preparedPacket;
    vi.advanceTimersByTime(1_000);
    expect(sent).toEqual(["silence", "silence", "silence", "silence", false]);
  });

  it("ends at the first failure, which it passes on", () => {
    const { networking, sent, failures, start } = connection();
    const failure = new Error("davey's encryptor threw");
    networking.prepareAudioPacket = () => {
      throw failure;
    };
    start();
    vi.advanceTimersByTime(1_000);
    expect([sent, failures]).toEqual([[], [failure]]);
  });
});
