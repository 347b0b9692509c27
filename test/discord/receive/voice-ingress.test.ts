import { createSocket } from "node:dgram";
import { describe, expect, it } from "vitest";
import { loadKoffi } from "../../../src/discord/receive/kernel/koffi.ts";
import { loadLibc } from "../../../src/discord/receive/kernel/libc.ts";
import { VoiceIngress } from "../../../src/discord/receive/voice-ingress.ts";
import type { CallListener } from "../../../src/recording/ports/voice.ts";
import { datagram, speech, TRANSPORT_KEY } from "../../support/sealed-voice.ts";
import { settle, VirtualClock } from "../../support/virtual-clock.ts";

const ALICE = "200000000000000001";
const SSRC = 5;
const SESSION = { encryptionMode: "aead_aes256_gcm_rtpsize", secretKey: TRANSPORT_KEY, dave: () => undefined };

/** An ingress of a call without end-to-end encryption, and what came out of it. */
function ingressOf() {
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
    loadLibc: () => loadLibc(loadKoffi(false)),
    onFallback: () => undefined,
    onActivity: () => happened.push("awake"),
    roster: () => undefined,
    onKeyEvent: ({ kind }) => happened.push(kind),
    regroup: () => undefined,
    rejoin: () => undefined,
    end: () => undefined,
    onDebug: () => undefined,
  });
  const arrive = (sequence: number): void => ingress.datagram(datagram(SSRC, sequence, speech(1)));
  return { clock, ingress, listener, happened, arrive };
}

function startedIngress() {
  const call = ingressOf();
  call.ingress.session(SESSION);
  call.ingress.claim(SSRC, ALICE);
  call.ingress.listen(call.listener);
  return call;
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
    ingress.datagram(Buffer.alloc(8));
    const discovery = Buffer.alloc(74);
    discovery.writeUInt16BE(2, 0);
    ingress.datagram(discovery);
    ingress.settle();
    expect(happened).toEqual([]);
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
