import { describe, expect, it } from "vitest";
import { ChatOrder } from "../../../src/discord/chat/chat-order.ts";
import { settle } from "../../support/virtual-clock.ts";

/** An order, what was done, and readings that a test ends. */
function orderOf() {
  const done: string[] = [];
  const readings: PromiseWithResolvers<void>[] = [];
  const closing = new AbortController();
  const queue = new ChatOrder(
    () => {
      done.push("reads");
      const reading = Promise.withResolvers<void>();
      readings.push(reading);
      return reading.promise;
    },
    closing.signal,
    (action) => action(),
  );
  return { queue, done, readings, closing };
}

describe("ChatOrder", () => {
  it("passes on events at once while no history is being read", () => {
    const { queue, done } = orderOf();
    queue.inOrder(() => done.push("edit"));
    queue.messageInOrder("1", "10", () => done.push("message"));
    expect(done).toEqual(["edit", "message"]);
  });

  it("holds new events until the history is read, and keeps their order", async () => {
    const { queue, done, readings } = orderOf();
    queue.readMissed();
    queue.messageInOrder("1", "10", () => done.push("message"));
    queue.inOrder(() => done.push("edit"));
    await settle();
    expect(done).toEqual(["reads"]);
    readings[0]?.resolve();
    await queue.settled();
    expect(done).toEqual(["reads", "message", "edit"]);
  });

  it("reads again if asked while it reads, and lets no event pass before that", async () => {
    const { queue, done, readings } = orderOf();
    queue.readMissed();
    queue.inOrder(() => done.push("edit"));
    queue.readMissed();
    queue.readMissed();
    readings[0]?.resolve();
    await settle();
    expect(done).toEqual(["reads", "reads"]);
    readings[1]?.resolve();
    await queue.settled();
    expect(done).toEqual(["reads", "reads", "edit"]);
  });

  it("holds events from the moment that some may be missing, before it starts to read", async () => {
    const { queue, done, readings } = orderOf();
    queue.hold();
    queue.inOrder(() => done.push("edit"));
    expect(done).toEqual([]);
    queue.readMissed();
    readings[0]?.resolve();
    await queue.settled();
    expect(done).toEqual(["reads", "edit"]);
  });

  it("reads nothing more once it must end", async () => {
    const { queue, done, closing } = orderOf();
    closing.abort();
    queue.readMissed();
    queue.inOrder(() => done.push("edit"));
    await queue.settled();
    expect(done).toEqual(["edit"]);
  });

  it("releases everything if too much is waiting", () => {
    const { queue } = orderOf();
    let done = 0;
    queue.readMissed();
    for (let index = 0; index < 60_000; index += 1) {
      queue.inOrder(() => {
        done += 1;
      });
    }
    expect(done).toBe(60_000);
  });

  it("emits waiting messages before a message from history that was sent after them, channel by channel", () => {
    const { queue, done } = orderOf();
    queue.hold();
    for (const id of ["8", "10", "12"]) queue.messageInOrder("1", id, () => done.push(`1: ${id}`));
    queue.messageInOrder("2", "9", () => done.push("2: 9"));
    queue.emitMessagesBefore("1", "11");
    queue.emitMessagesBefore("1", "11");
    queue.emitMessagesBefore("3", "11");
    expect(done).toEqual(["1: 8", "1: 10"]);
  });

  it("emits waiting events once, in order", () => {
    const { queue, done } = orderOf();
    queue.hold();
    queue.messageInOrder("1", "10", () => done.push("create 10"));
    queue.inOrder(() => done.push("delete 10"));
    queue.release();
    queue.release();
    expect(done).toEqual(["create 10", "delete 10"]);
  });
});
