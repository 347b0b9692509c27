import { createSocket } from "node:dgram";
import { once } from "node:events";
import { afterEach, expect, it, vi } from "vitest";
import { DatagramQueue } from "../../../src/discord/receive/datagram-queue.ts";
import { loadKoffi } from "../../../src/discord/receive/kernel/koffi.ts";
import { type Libc, loadLibc } from "../../../src/discord/receive/kernel/libc.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function queueWith(load: () => Libc) {
  const clock = new VirtualClock();
  const notes: string[] = [];
  let dueCount = 0;
  const onDue = (): void => {
    dueCount += 1;
  };
  const queue = new DatagramQueue({ clock, loadLibc: load, onDue, onFallback: (reason) => notes.push(reason) });
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  ends.push(() => socket.close());
  const follow = (): void => queue.follow(socket, (datagram) => queue.add(datagram));
  const send = async (text: string): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    socket.send(text, socket.address().port, "127.0.0.1", () => resolve());
    await promise;
  };
  const taken: string[] = [];
  const take = (): void => queue.take((datagram) => taken.push(datagram.toString()));
  return { queue, socket, clock, notes, follow, send, taken, take, due: () => dueCount };
}

it("lets Node read the socket if it cannot read the kernel's queue, and says why, once", async () => {
  const { queue, socket, notes, follow, send, taken, take } = await queueWith(() => loadLibc(loadKoffi(false)));
  follow();
  socket.removeAllListeners("message");
  follow();
  const received = once(socket, "message");
  await send("hello");
  await received;
  take();
  expect(taken).toEqual(["hello"]);
  expect(queue.isComplete).toBe(false);
  expect(notes).toEqual(["MEETBOT_BATCHED_RECEIVE is off"]);
});

it.skipIf(process.platform !== "linux")(
  "takes what has arrived from the kernel, once, after what was added",
  async () => {
    const { queue, notes, follow, send, taken, take } = await queueWith(() => loadLibc(loadKoffi(true)));
    queue.add(Buffer.from("before"));
    follow();
    follow();
    for (const text of ["first", "second"]) await send(text);
    take();
    take();
    expect(taken).toEqual(["before", "first", "second"]);
    expect(queue.isComplete).toBe(true);
    expect(notes).toEqual([]);
  },
);

it.skipIf(process.platform !== "linux")("asks for more reads if many datagrams came, until it is closed", async () => {
  const { queue, clock, follow, send, take, due } = await queueWith(() => loadLibc(loadKoffi(true)));
  follow();
  await clock.advance(1_000);
  expect(due()).toBe(0);
  // The buffer of a socket that nobody asked for more: 212,992 bytes.
  take();
  for (let count = 0; count < 50; count += 1) await send("hello");
  take();
  await clock.advance(100);
  expect(due()).toBeGreaterThanOrEqual(1);
  const before = due();
  queue.close();
  await clock.advance(1_000);
  expect(due()).toBe(before);
});

it.skipIf(process.platform !== "linux")("says when the next datagram comes, if asked, until it is closed", async () => {
  const { queue, socket, follow, send, taken, take } = await queueWith(() => loadLibc(loadKoffi(true)));
  let announced = 0;
  const watch = (): void => queue.watch(() => (announced += 1));
  // Node reads the socket until it is followed, and announces each datagram.
  watch();
  follow();
  watch();
  await send("hello");
  await vi.waitFor(() => expect(announced).toBe(1));
  take();
  expect(taken).toEqual(["hello"]);
  watch();
  queue.close();
  expect(queue.isComplete).toBe(false);
  socket.on("message", () => undefined);
  await send("too late");
  await new Promise((resolve) => setTimeout(resolve, 30));
  take();
  expect([announced, taken]).toEqual([1, ["hello"]]);
});

it.skipIf(process.platform !== "linux")("hands out what is in the kernel before the socket closes", async () => {
  const { queue, socket, follow, due } = await queueWith(() => loadLibc(loadKoffi(true)));
  follow();
  expect(due()).toBe(0);
  ends.length = 0;
  socket.close();
  expect(due()).toBe(1);
  queue.take(() => undefined);
});

it("follows another socket after the first one, and notes the time of what Node has read", async () => {
  const { queue, clock, notes, follow } = await queueWith(() => loadLibc(loadKoffi(false)));
  follow();
  const other = createSocket("udp4");
  ends.push(() => other.close());
  queue.follow(other, () => undefined);
  expect(other.listenerCount("message")).toBe(1);
  expect(notes).toHaveLength(1);
  queue.add(Buffer.from("first"));
  await clock.advance(70);
  queue.add(Buffer.from("second"));
  const times: number[] = [];
  queue.take((_, arrivalMs) => times.push(arrivalMs));
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBe(70);
});

it.skipIf(process.platform !== "linux")(
  "asks for reads as often as the flood needs, and no longer than that",
  async () => {
    const { queue, clock, follow, send, due } = await queueWith(() => loadLibc(loadKoffi(true)));
    follow();
    for (let count = 0; count < 50; count += 1) await send("hello");
    queue.take(() => undefined);
    const asked = async (ms: number): Promise<number> => {
      const before = due();
      await clock.advance(ms);
      return due() - before;
    };
    // 50 in at least 20 ms, of 2,304 bytes each, with room for four times as many, in 212,992 bytes or more.
    const often = await asked(100);
    expect(often).toBeGreaterThanOrEqual(2);
    queue.take(() => undefined);
    // The pace stays the same for 2 s, with one timer.
    expect(await asked(100)).toBe(often);
    await clock.advance(2_000);
    queue.take(() => undefined);
    expect(await asked(1_000)).toBe(0);
  },
);
