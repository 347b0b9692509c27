import { describe, expect, it } from "vitest";
import { faulty } from "../../../src/loopback/voice/opcode-faults.ts";
import { connect, enter, invite, join } from "../../support/raw-client.ts";
import { testLoopback } from "../../support/test-loopback.ts";
import { person, toneCall } from "../../support/tone-call.ts";

const plain = {
  fixture: toneCall([{ user: person(1), speaksFromMs: 0, packetCount: 3 }]),
  daveProtocolVersion: 0,
  behaviour: { speakingAtConnect: null },
} as const;

/** The first binary frame with this opcode that came, or comes. */
async function binaryFrame(socket: { frames: readonly unknown[]; change(): Promise<void> }, op: number) {
  for (;;) {
    const found = socket.frames.find((frame) => Buffer.isBuffer(frame) && frame[2] === op);
    if (Buffer.isBuffer(found)) return found;
    await socket.change();
  }
}

describe("a voice message", () => {
  it("gets lost, and is repeated by a resume", async () => {
    const loopback = await testLoopback(plain);
    loopback.faults.dropOpcode(5);
    const { socket, invitation } = await join(loopback);
    socket.send(3, { t: 5 });
    await socket.frame({ op: 6 });
    expect(socket.frames.map((frame) => "op" in frame && frame.op)).toEqual([8, 2, 11, 4, 6]);
    await socket.terminate();
    const resumed = connect(invitation);
    resumed.send(7, { ...invitation.identify, seq_ack: 2 });
    expect(await resumed.frame({ op: 5 })).toMatchObject({ seq: 3 });
  });

  it("is delayed, and gets its number when it is sent", async () => {
    const loopback = await testLoopback(plain);
    loopback.faults.holdOpcode(11, 200);
    const { socket } = await join(loopback);
    expect(await socket.frame({ op: 4 })).toMatchObject({ seq: 1 });
    expect(socket.frames).not.toContainEqual(expect.objectContaining({ op: 11 }));
    expect(await socket.frame({ op: 11 })).toMatchObject({ d: { user_ids: [person(1).id] } });
  });

  it("that acknowledges a heartbeat gets lost too", async () => {
    const loopback = await testLoopback(plain);
    const { socket } = await join(loopback);
    loopback.faults.dropOpcode(6);
    socket.send(3, { t: 5 });
    socket.send(3, { t: 6 });
    expect(await socket.frame({ op: 6 })).toMatchObject({ d: { t: 6 } });
  });

  it.each(["flip", "truncate"] as const)("in JSON becomes invalid through a %s, once", async (how) => {
    const loopback = await testLoopback(plain);
    loopback.faults.corruptOpcode(2, 1, how);
    const invitation = await invite(loopback);
    const socket = connect(invitation);
    socket.send(0, invitation.identify);
    while (!socket.frames.some((frame) => "malformed" in frame)) await socket.change();
    expect((await enter(invitation)).ready.modes).toHaveLength(2);
  });

  it("in binary keeps its header and has its payload changed", async () => {
    const loopback = await testLoopback({ fixture: plain.fixture });
    loopback.faults.corruptOpcode(25);
    const first = await binaryFrame((await join(loopback)).socket, 25);
    const second = await binaryFrame((await join(loopback)).socket, 25);
    expect(first.length).toBe(second.length);
    expect(first.equals(second)).toBe(false);
    expect(first.subarray(2, 7).equals(second.subarray(2, 7))).toBe(true);
  });

  it("in binary is cut to two bytes", async () => {
    const loopback = await testLoopback({ fixture: plain.fixture });
    loopback.faults.corruptOpcode(25, 1, "truncate");
    const { socket } = await join(loopback);
    while (!socket.frames.some((frame) => Buffer.isBuffer(frame))) await socket.change();
    expect(socket.frames.find((frame) => Buffer.isBuffer(frame))).toHaveLength(2);
  });
});

describe("corruption", () => {
  it("changes even the shortest frame, and never the original", () => {
    const frame = Buffer.from([0, 1, 25]);
    const corrupt = { kind: "corrupt", how: "flip" } as const;
    expect(faulty(frame, corrupt)).not.toEqual(frame);
    expect(faulty(Buffer.alloc(0), corrupt)).toEqual(Buffer.alloc(0));
    expect(frame).toEqual(Buffer.from([0, 1, 25]));
  });
});
