import { EventEmitter } from "node:events";
import {
  DAVESession,
  Networking,
  NetworkingStatusCode,
  VoiceConnection,
  VoiceConnectionStatus,
  VoiceReceiver,
  version,
} from "@discordjs/voice";
import { VoiceOpcodes } from "discord-api-types/voice/v8";
import { afterEach, describe, expect, it } from "vitest";
import { attachSeam, type SeamListener, type VoiceSession } from "../../../src/discord/voice/voice-seam.ts";

/**
 * The behaviour of @discordjs/voice that src/discord/voice/voice-seam.ts needs. If one of these tests fails, the
 * library has changed, and the seam must be looked at again before the version is raised.
 */

const connections: VoiceConnection[] = [];

afterEach(() => {
  for (const connection of connections.splice(0)) connection.destroy();
});

function connect() {
  const connection = new VoiceConnection(
    { guildId: "1", channelId: "2", selfDeaf: false, selfMute: true, group: "test" },
    { debug: false, adapterCreator: () => ({ sendPayload: () => true, destroy: () => undefined }) },
  );
  connections.push(connection);
  const calls: unknown[][] = [];
  const note =
    (name: string) =>
    (...args: unknown[]) => {
      calls.push([name, ...args]);
    };
  const waiting: (() => void)[] = [];
  const handleWaiting = (): void => {
    for (const handle of waiting.splice(0)) handle();
  };
  const listener: SeamListener = {
    ingress: {
      session: note("session"),
      datagram: note("datagram"),
      takeSocket: (socket) => socket.on("message", note("datagram")),
      message: (handle, takesKeys) => {
        if (takesKeys) waiting.push(handle);
        else handle();
      },
      handleWaitingMessages: handleWaiting,
      claim: note("claim"),
      keysChanging: note("keysChanging"),
      keysChanged: note("keysChanged"),
      keyEvent: note("keyEvent"),
    },
    malformedMessage: note("malformed"),
    unsealed: note("unsealed"),
    closed: note("closed"),
  };
  attachSeam(connection, listener);
  return { connection, calls, handleWaiting };
}

it("replaces the library's method that encrypts outgoing packets", () => {
  expect(Reflect.get(Networking.prototype, "encryptOpusPacket")).toBeTypeOf("function");
});

/** Takes the place of the library's sockets, which a contract test does not open. */
class FakeSocket extends EventEmitter {
  sent: unknown[] = [];
  destroy(): void {
    this.removeAllListeners();
  }
  onMessage(event: { data: unknown }): void {
    if (Buffer.isBuffer(event.data)) throw new Error("MLS bytes that the library cannot process");
    this.emit("packet", event.data);
  }
  send(datagram: unknown): void {
    this.sent.push(datagram);
  }
  sendPacket(packet: unknown): void {
    this.sent.push(packet);
  }
}

describe("@discordjs/voice", () => {
  it("is exactly the version that the seam was written for", () => {
    expect(version).toBe("0.19.2");
  });

  it("still discards what the seam exists for: its receiver does not give a packet's RTP times", () => {
    expect(VoiceReceiver.prototype.onUdpMessage).toHaveLength(1);
  });

  it("replaces the datagram listener before the library binds its own", () => {
    const { connection, calls } = connect();
    const stock = VoiceReceiver.prototype.onUdpMessage;
    expect(connection.receiver.onUdpMessage).not.toBe(stock);
    connection.receiver.onUdpMessage(Buffer.alloc(40, 1));
    expect(calls).toEqual([["datagram", Buffer.alloc(40, 1)]]);
  });

  it("reports key, claims and contained failures of each networking instance, old and new", () => {
    const { connection, calls, handleWaiting } = connect();
    for (const keyByte of [1, 2]) {
      calls.length = 0;
      const ws = new FakeSocket();
      let recoveredWhenClosed: readonly number[] = [];
      ws.once("close", () => {
        recoveredWhenClosed = [...recovered];
      });
      const udp = Object.assign(new FakeSocket(), { socket: new EventEmitter() });
      const networking: Networking = Object.create(Networking.prototype);
      EventEmitter.call(networking);
      const dave = new DAVESession(1, "42", "2", {});
      dave.lastTransitionId = 3;
      const recovered: number[] = [];
      dave.on("invalidateTransition", (id) => recovered.push(id));
      Object.assign(networking, {
        _state: {
          code: NetworkingStatusCode.Ready,
          ws,
          udp,
          dave,
          connectionData: {
            secretKey: new Uint8Array(32).fill(keyByte),
            encryptionMode: "aead_aes256_gcm_rtpsize",
            nonce: 0,
            nonceBuffer: Buffer.alloc(12),
            sequence: 1,
            timestamp: 1,
            ssrc: 1,
          },
        },
      });
      Object.assign(connection, {
        state: { ...connection.state, status: VoiceConnectionStatus.Connecting, networking },
      });
      const session = calls.find(([name]) => name === "session")?.[1] as VoiceSession;
      expect(session).toMatchObject({ encryptionMode: "aead_aes256_gcm_rtpsize" });
      // The first frame of silence, after the word that we speak.
      expect(ws.sent).toContainEqual(expect.objectContaining({ op: VoiceOpcodes.Speaking }));
      expect(udp.sent).toHaveLength(1);
      expect(session.dave()).toMatchObject({ protocolVersion: 1, session: undefined, former: [] });

      udp.socket.emit("message", Buffer.alloc(40, 2));
      expect(calls.pop()).toEqual(["datagram", Buffer.alloc(40, 2)]);
      ws.onMessage({ data: { op: 5, d: { user_id: "42", ssrc: 7, speaking: 1 } } });
      ws.onMessage({ data: { op: 5, d: { user_id: "44", ssrc: 9, speaking: 0 } } });
      ws.onMessage({ data: { op: 12, d: { user_id: "43", audio_ssrc: 8, video_ssrc: 0 } } });
      // At once: these take no key away.
      expect(calls.filter(([name]) => name === "claim")).toHaveLength(3);
      ws.onMessage({ data: '{"op":24,"d":{"epoch":1,"protocol_version":1}}' });
      expect(calls.map(([name]) => name)).not.toContain("keysChanging");
      handleWaiting();
      ws.emit("binary");
      expect(recovered).toEqual([]);
      ws.onMessage({ data: Buffer.of(0, 1, VoiceOpcodes.DaveMlsAnnounceCommitTransition) });
      expect(recovered).toEqual([]);
      ws.emit("close", 1_006);
      // Waiting messages were processed before the library learned that the socket is closed.
      expect(recoveredWhenClosed).toEqual([3]);
      expect(calls.slice(1).map(([name, ...args]) => (name === "malformed" ? [name] : [name, ...args]))).toEqual([
        ["claim", 7, "42", true],
        // Neither says that somebody speaks.
        ["claim", 9, "44", false],
        ["claim", 8, "43", false],
        ["keysChanging"],
        ["keysChanged"],
        ["keysChanging"],
        ["malformed"],
        ["keyEvent", { kind: "left_group", transitionId: 3 }],
      ]);
      expect(recovered).toEqual([3]);
      Object.assign(networking, { destroy: () => undefined });
    }
  });
});
