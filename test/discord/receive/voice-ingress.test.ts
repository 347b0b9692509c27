import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { loadKoffi } from "../../../src/discord/receive/kernel/koffi.ts";
import { loadLibc } from "../../../src/discord/receive/kernel/libc.ts";
import { VoiceIngress } from "../../../src/discord/receive/voice-ingress.ts";
import type { CallListener } from "../../../src/recording/ports/voice.ts";
import { datagram, fakeDave, sealed, speech, TRANSPORT_KEY } from "../../support/sealed-voice.ts";
import { settle, VirtualClock } from "../../support/virtual-clock.ts";

const ALICE = "200000000000000001";
const SSRC = 5;
const SESSION = { encryptionMode: "aead_aes256_gcm_rtpsize", secretKey: TRANSPORT_KEY, dave: () => undefined };

/** An ingress of a call without end-to-end encryption, and what came out of it. */
function ingressOf(isBatched = false) {
  const happened: string[] = [];
  const listener: CallListener = {
    frame: ({ sequence }) => happened.push(`frame ${sequence}`),
    dropped: (fate) => happened.push(fate),
    connection: (state) => happened.push(state),
    warning: (code) => happened.push(code),
    roster: () => undefined,
    rosterKnown: () => undefined,
    moved: () => undefined,
    ended: () => undefined,
    active: () => happened.push("active"),
  };
  const clock = new VirtualClock();
  const ingress = new VoiceIngress({
    clock,
    recordsPlaintext: false,
    openssl: () => undefined,
    loadLibc: () => loadLibc(loadKoffi(isBatched)),
    onFallback: () => undefined,
    onActivity: () => happened.push("awake"),
    roster: () => undefined,
    onKeyEvent: ({ kind }) => happened.push(kind),
    regroup: () => happened.push("regroup"),
    rejoin: () => undefined,
    end: () => undefined,
    onDebug: () => undefined,
  });
  const arrive = (sequence: number): void => ingress.datagram(datagram(SSRC, sequence, speech(1)));
  return { clock, ingress, listener, happened, arrive };
}

function startedIngress(isBatched = false) {
  const call = ingressOf(isBatched);
  call.ingress.session(SESSION);
  call.ingress.claim(SSRC, ALICE);
  call.ingress.listen(call.listener);
  return call;
}

/** A socket that the ingress reads, and a way to send to it. */
async function socketOf(ingress: VoiceIngress) {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  ingress.takeSocket(socket);
  onTestFinished(() => closeUnlessClosed(socket));
  const send = (bytes: Buffer): Promise<void> =>
    new Promise((resolve) => socket.send(bytes, socket.address().port, "127.0.0.1", () => resolve()));
  return { socket, send };
}

function closeUnlessClosed(socket: Socket): void {
  try {
    socket.close();
  } catch {
    // It is closed already.
  }
}

type Ingress = VoiceIngress;
/** Everything that datagrams must not be overtaken by, as a call of it. */
const IN_ORDER: Readonly<Record<string, (ingress: Ingress, listener: CallListener) => unknown>> = {
  listener: (ingress) => ingress.listener,
  listen: (ingress, listener) => ingress.listen({ ...listener, frame: () => undefined }),
  settle: (ingress) => ingress.settle(),
  session: (ingress) => ingress.session({ ...SESSION, secretKey: Buffer.alloc(32) }),
  takeSocket: (ingress) => ingress.takeSocket(createSocket("udp4")),
  message: (ingress) => ingress.message(() => ingress.claim(SSRC, "200000000000000002"), false),
  claim: (ingress) => ingress.claim(SSRC, "200000000000000002"),
  keysChanging: (ingress) => ingress.keysChanging(),
  keysChanged: (ingress) => ingress.keysChanged(),
  keyEvent: (ingress) => ingress.keyEvent({ kind: "left_group", transitionId: 3 }),
  rosterChanged: (ingress) => ingress.rosterChanged(),
  setDisconnected: (ingress) => ingress.setDisconnected(true),
  setDeafened: (ingress) => ingress.setDeafened(true),
  poll: (ingress) => ingress.poll(),
  close: (ingress) => ingress.close(),
};
/** They add to a queue, change nothing, or run what processes the queue itself. */
const WITHOUT_ORDER = [
  "constructor",
  "datagram",
  "handleWaitingMessages",
  "isQuiet",
  "deafened",
  "hasKeys",
  "isChanging",
  "encryption",
];

describe("input from a voice channel", () => {
  it("is covered by this test, method by method", () => {
    const names = Object.getOwnPropertyNames(VoiceIngress.prototype);
    expect([...Object.keys(IN_ORDER), ...WITHOUT_ORDER].toSorted()).toEqual(names.toSorted());
  });

  it.each(Object.entries(IN_ORDER))("is processed before %s", (_, call) => {
    const { ingress, listener, happened, arrive } = startedIngress();
    arrive(1);
    arrive(2);
    expect(happened).toEqual([]);
    call(ingress, listener);
    expect(happened.slice(0, 2)).toEqual(["frame 1", "frame 2"]);
  });

  it("waits for the first transport key, which may come a moment later", () => {
    const { ingress, listener, happened, arrive } = ingressOf();
    ingress.listen(listener);
    arrive(1);
    ingress.message(() => ingress.session(SESSION), false);
    expect(happened).toEqual([]);
    ingress.claim(SSRC, ALICE);
    expect(happened).toEqual(["frame 1"]);
  });

  it("is released every 100 ms before the first transport key, so a flood cannot fill memory", () => {
    const { ingress, listener, happened, arrive } = ingressOf();
    ingress.listen(listener);
    arrive(1);
    ingress.poll();
    ingress.session(SESSION);
    ingress.claim(SSRC, ALICE);
    expect(happened).toEqual([]);
  });

  it("keeps its order with messages that take keys away, and with those behind them", async () => {
    const { ingress, happened, arrive } = startedIngress();
    ingress.message(() => happened.push("commit"), true);
    ingress.message(() => happened.push("speaking"), false);
    arrive(1);
    expect(happened).toEqual([]);
    for (let turn = 0; turn < 3; turn += 1) await settle();
    expect(happened).toEqual(["frame 1", "commit", "speaking"]);
    ingress.message(() => happened.push("welcome"), true);
    arrive(2);
    ingress.handleWaitingMessages();
    expect(happened.slice(3)).toEqual(["frame 2", "welcome"]);
  });

  it("treats keep-alives and answers of the IP discovery as not audio", () => {
    const { ingress, happened } = startedIngress();
    const bytes = (length: number, type: number): Buffer => {
      const made = Buffer.alloc(length);
      if (length > 1) made.writeUInt16BE(type, 0);
      return made;
    };
    for (const control of [bytes(0, 0), bytes(8, 2), bytes(74, 2)]) ingress.datagram(control);
    ingress.settle();
    expect(happened).toEqual([]);
    for (const other of [bytes(9, 2), bytes(73, 2), bytes(75, 2), bytes(74, 1)]) ingress.datagram(other);
    ingress.settle();
    expect(happened).toEqual(["not_rtp", "not_rtp", "not_rtp", "not_rtp"]);
  });

  it("has the state of the keys and of the bot", () => {
    const { ingress, happened } = startedIngress();
    const dave = fakeDave([ALICE]);
    ingress.session({ ...SESSION, dave: () => dave });
    expect([ingress.deafened, ingress.hasKeys, ingress.isChanging]).toEqual([false, true, false]);
    expect(ingress.encryption()).toEqual({ daveProtocolVersion: 1, epochs: 1, plaintextPackets: 0 });
    dave.session.ready = false;
    expect(ingress.hasKeys).toBe(false);
    ingress.keyEvent({ kind: "commit", transitionId: 7, epoch: 2n });
    expect(ingress.isChanging).toBe(true);
    ingress.setDeafened(true);
    expect(ingress.deafened).toBe(true);
    expect(happened).toEqual(["commit", "unheard"]);
  });

  it("that waits for its turn or for people is opened when keys are about to change, have changed, or people come", async () => {
    const { clock, ingress, happened } = startedIngress();
    const dave = fakeDave([ALICE]);
    dave.session.keysOf.clear();
    ingress.session({ ...SESSION, dave: () => dave });
    ingress.claim(SSRC, ALICE);
    let sequence = 0;
    const arrive = (): void => {
      sequence += 1;
      ingress.datagram(datagram(SSRC, sequence, sealed(ALICE, speech(sequence))));
    };
    dave.session.keysOf.add(ALICE);
    arrive();
    ingress.settle();
    expect(happened).toEqual([]);
    ingress.keysChanging();
    expect(happened).toEqual(["frame 1"]);
    dave.session.keysOf.clear();
    for (const happens of [() => ingress.keysChanged(), () => ingress.rosterChanged()]) {
      arrive();
      await clock.advance(100);
      ingress.poll();
      dave.session.keysOf.add(ALICE);
      expect(happened).toHaveLength(sequence - 1);
      happens();
      expect(happened.at(-1)).toBe(`frame ${sequence}`);
      dave.session.keysOf.clear();
    }
  });

  it("is missing while the connection is lost", () => {
    const { ingress, happened } = startedIngress();
    ingress.setDisconnected(true);
    ingress.setDisconnected(false);
    expect(happened).toEqual(["reconnecting", "live"]);
  });

  it("comes from the socket, if Node reads it", async () => {
    const { ingress, happened } = startedIngress();
    const { send } = await socketOf(ingress);
    await send(datagram(SSRC, 1, speech(1)));
    await vi.waitFor(() => {
      ingress.settle();
      expect(happened).toEqual(["frame 1"]);
    });
  });

  it("is quiet after 10 s in which nobody sent a packet, until somebody does", async () => {
    const { clock, ingress, happened, arrive } = startedIngress();
    arrive(1);
    await clock.advance(9_900);
    ingress.datagram(Buffer.alloc(8));
    ingress.poll();
    expect(ingress.isQuiet).toBe(false);
    await clock.advance(100);
    ingress.poll();
    expect([ingress.isQuiet, happened]).toEqual([true, ["frame 1"]]);
    // Nobody sends a keep-alive.
    ingress.datagram(Buffer.alloc(8));
    expect(ingress.isQuiet).toBe(true);
    arrive(2);
    expect([ingress.isQuiet, happened]).toEqual([false, ["frame 1", "awake", "active", "frame 2"]]);
  });

  it.skipIf(process.platform !== "linux")(
    "in the kernel is processed in place before messages that take keys away, and ends the quiet by itself",
    async () => {
      const { clock, ingress, happened } = startedIngress(true);
      const { send } = await socketOf(ingress);
      await send(datagram(SSRC, 1, speech(1)));
      ingress.message(() => happened.push("commit"), true);
      expect(happened).toEqual(["frame 1", "commit"]);
      await clock.advance(11_000);
      ingress.poll();
      expect(ingress.isQuiet).toBe(true);
      // A keep-alive ends the wait for a datagram, and not the quiet: it waits for the next one.
      await send(Buffer.alloc(8));
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect([ingress.isQuiet, happened.length]).toEqual([true, 2]);
      await send(datagram(SSRC, 2, speech(1)));
      await vi.waitFor(() => expect(happened.slice(2)).toEqual(["awake", "active", "frame 2"]));
      expect(ingress.isQuiet).toBe(false);
    },
  );

  it("is not quiet while packets come", async () => {
    const { clock, ingress, arrive } = startedIngress();
    for (let sequence = 1; sequence < 5; sequence += 1) {
      arrive(sequence);
      await clock.advance(5_000);
      ingress.poll();
      expect(ingress.isQuiet).toBe(false);
    }
  });

  it("is never quiet before the first transport key", async () => {
    const { clock, ingress } = ingressOf();
    await clock.advance(60_000);
    ingress.poll();
    expect(ingress.isQuiet).toBe(false);
  });

  it("is not passed on after the end", () => {
    const { ingress, happened, arrive } = startedIngress();
    ingress.close();
    arrive(1);
    ingress.settle();
    expect(ingress.listener).toBeUndefined();
    expect(happened).toEqual([]);
  });
});
