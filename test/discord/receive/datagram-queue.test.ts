import { createSocket } from "node:dgram";
import { once } from "node:events";
import { afterEach, expect, it } from "vitest";
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
