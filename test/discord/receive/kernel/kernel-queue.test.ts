import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { KernelQueue } from "../../../../src/discord/receive/kernel/kernel-queue.ts";
import { loadKoffi } from "../../../../src/discord/receive/kernel/koffi.ts";
import { type Libc, loadLibc } from "../../../../src/discord/receive/kernel/libc.ts";

const clock = { nowMs: (): number => performance.now() };
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

async function bound(): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket;
}

/** A socket whose queue we read, a sender, and the datagrams read so far. */
async function callOf(libc: Libc) {
  const [socket, peer] = [await bound(), await bound()];
  sockets.push(peer);
  socket.on("message", () => read.push({ text: "read by Node", atMs: 0 }));
  const read: { text: string; atMs: number }[] = [];
  const readAll = (): void => queue.read((datagram, atMs) => read.push({ text: datagram.toString(), atMs }));
  const queue = new KernelQueue(socket, { clock, libc, onClosing: readAll });
  const send = (text: string | Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      peer.send(text, socket.address().port, "127.0.0.1", (error) => (error ? reject(error) : resolve()));
    });
  return { socket, peer, queue, read, readAll, send };
}

// The required features of Node and the C library. It fails on a Linux where one of them has changed.
describe.skipIf(process.platform !== "linux")("the kernel's queue of a Node socket", () => {
  const libc = loadLibc(loadKoffi(true));

  it("hands out datagrams in order, with their arrival times", async () => {
    const { socket, read, readAll, send } = await callOf(libc);
    sockets.push(socket);
    // The kernel begins to note times a moment after it was asked to.
    await sleep(100);
    const sent: { text: string; fromMs: number; untilMs: number }[] = [];
    for (let index = 0; index < 150; index += 1) {
      const fromMs = performance.now();
      await send(`datagram ${index}`);
      sent.push({ text: `datagram ${index}`, fromMs, untilMs: performance.now() });
    }
    await sleep(20);
    expect(read).toEqual([]);
    readAll();
    expect(read.map(({ text }) => text)).toEqual(sent.map(({ text }) => text));
    for (const [index, { atMs }] of read.entries()) {
      expect(atMs).toBeGreaterThan((sent[index]?.fromMs ?? Number.NaN) - 0.5);
      expect(atMs).toBeLessThan((sent[index]?.untilMs ?? Number.NaN) + 0.5);
    }
    readAll();
    expect(read).toHaveLength(150);
  });

  it("hands out empty datagrams and datagrams of the largest size", async () => {
    const { socket, read, readAll, send } = await callOf(libc);
    sockets.push(socket);
    const large = Buffer.alloc(65_507, "abc");
    await send(large);
    await send("");
    await send("small");
    readAll();
    expect(read.map(({ text }) => text)).toEqual([large.toString(), "", "small"]);
  });

  it("leaves sending to Node", async () => {
    const { socket, peer } = await callOf(libc);
    sockets.push(socket);
    const received = once(peer, "message");
    socket.send("hello", peer.address().port, "127.0.0.1");
    expect(String((await received)[0])).toBe("hello");
  });

  it("is read again before the socket closes, and never after that", async () => {
    const { socket, read, readAll, send } = await callOf(libc);
    await send("last words");
    socket.close();
    expect(read.map(({ text }) => text)).toEqual(["last words"]);
    // Its number may now be that of another socket, whose datagrams are not ours.
    const other = await bound();
    sockets.push(other);
    sockets[0]?.send("not ours", other.address().port, "127.0.0.1");
    await sleep(20);
    readAll();
    expect(read).toHaveLength(1);
  });

  it("announces the next datagram once, and hands it out before those behind it", async () => {
    const { socket, queue, read, readAll, send } = await callOf(libc);
    sockets.push(socket);
    socket.removeAllListeners("message");
    let announced = 0;
    const arrived = Promise.withResolvers<void>();
    const watch = (): void =>
      queue.watch(() => {
        announced += 1;
        readAll();
        arrived.resolve();
      });
    watch();
    watch();
    const fromMs = performance.now();
    for (const text of ["first", "second", "third"]) await send(text);
    await arrived.promise;
    await sleep(20);
    expect(announced).toBe(1);
    readAll();
    expect(read.map(({ text }) => text)).toEqual(["first", "second", "third"]);
    for (const { atMs } of read) expect(atMs).toBeGreaterThan(fromMs - 0.5);
    expect(read.map(({ atMs }) => atMs)).toEqual(read.map(({ atMs }) => atMs).toSorted((left, right) => left - right));
    await send("nobody waits for it");
    await sleep(20);
    expect([announced, read.length]).toEqual([1, 3]);
  });

  it("does not place the announced datagram at the time at which a stopped process read it", async () => {
    const { socket, queue, read, readAll, send } = await callOf(libc);
    sockets.push(socket);
    socket.removeAllListeners("message");
    await sleep(100);
    const arrived = Promise.withResolvers<void>();
    queue.watch(() => {
      readAll();
      arrived.resolve();
    });
    const sending = ["first", "second"].map(send);
    // They are sent now, and Node has not looked at the socket since.
    for (let turn = 0; turn < 5; turn += 1) await new Promise<void>((resolve) => process.nextTick(resolve));
    const sentMs = performance.now();
    // Nothing else runs meanwhile, as in a process that is stopped.
    while (performance.now() < sentMs + 200);
    await Promise.all([arrived.promise, ...sending]);
    expect(read.map(({ text }) => text)).toEqual(["first", "second"]);
    for (const { atMs } of read) expect(atMs).toBeLessThan(sentMs + 100);
  });

  it("is not announced any more once it is read, or the wait is given up", async () => {
    const { socket, queue, read, readAll, send } = await callOf(libc);
    sockets.push(socket);
    socket.removeAllListeners("message");
    let announced = 0;
    const watch = (): void => queue.watch(() => (announced += 1));
    watch();
    queue.unwatch();
    await send("first");
    await sleep(20);
    readAll();
    expect([announced, read.length]).toEqual([0, 1]);
  });

  it("is not read again from inside the handler of a datagram", async () => {
    const { socket, queue, send } = await callOf(libc);
    sockets.push(socket);
    for (const text of ["first", "second"]) await send(text);
    const read: string[] = [];
    const take = (datagram: Buffer): void => {
      read.push(datagram.toString());
      queue.read(take);
    };
    queue.read(take);
    expect(read).toEqual(["first", "second"]);
  });

  it("ends a read after a full batch, even if more keeps coming", async () => {
    const socket = await bound();
    sockets.push(socket);
    const flooded: Libc = { ...libc, receive: (_, __, count) => count };
    const queue = new KernelQueue(socket, { clock, libc: flooded, onClosing: () => undefined });
    let read = 0;
    queue.read(() => {
      read += 1;
    });
    expect(read).toBeGreaterThanOrEqual(socket.getRecvBufferSize() / 768);
    expect(read).toBeLessThan(socket.getRecvBufferSize() / 256);
  });

  it.each<[string, Partial<Libc>, string]>([
    ["the call", { receive: () => -1, receiveError: () => 38 }, "recvmmsg is refused with errno 38"],
    ["times of arrival", { noteArrivals: () => false }, "the kernel notes no times of arrival"],
  ])("stays Node's if the system refuses %s", async (_, refused, message) => {
    const socket = await bound();
    sockets.push(socket);
    const open = () => new KernelQueue(socket, { clock, libc: { ...libc, ...refused }, onClosing: () => undefined });
    expect(open).toThrow(message);
    const received = once(socket, "message");
    socket.send("hello", socket.address().port, "127.0.0.1");
    expect(String((await received)[0])).toBe("hello");
  });

  it("is left to Node if Node keeps its handle elsewhere", () => {
    const socket = createSocket("udp4");
    sockets.push(socket);
    const [symbol] = Object.getOwnPropertySymbols(socket).filter(({ description }) => description === "state symbol");
    const withoutHandle = Object.create(socket, { [symbol ?? "none"]: { value: {} } });
    expect(() => new KernelQueue(withoutHandle, { clock, libc, onClosing: () => undefined })).toThrow(
      "this version of Node keeps the handle of a socket elsewhere",
    );
  });
});
