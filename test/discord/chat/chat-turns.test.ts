import { describe, expect, it } from "vitest";
import { ChatTurns } from "../../../src/discord/chat/chat-turns.ts";
import { settle } from "../../support/virtual-clock.ts";

/** Turns, what was told, and readings of the past that end when told to. */
function turns() {
  const told: string[] = [];
  const readings: PromiseWithResolvers<void>[] = [];
  const closing = new AbortController();
  const queue = new ChatTurns(
    () => {
      told.push("reads");
      const reading = Promise.withResolvers<void>();
      readings.push(reading);
      return reading.promise;
    },
    closing.signal,
    (action) => action(),
  );
  return { queue, told, readings, closing };
}

describe("ChatTurns", () => {
  it("does at once what comes while nothing is read", () => {
    const { queue, told } = turns();
    queue.inTurn(() => told.push("edit"));
    queue.messageInTurn("1", "10", () => told.push("message"));
    expect(told).toEqual(["edit", "message"]);
  });

  it("has what comes meanwhile wait for the past, in its order", async () => {
    const { queue, told, readings } = turns();
    queue.readMissed();
    queue.messageInTurn("1", "10", () => told.push("message"));
    queue.inTurn(() => told.push("edit"));
    await settle();
    expect(told).toEqual(["reads"]);
    readings[0]?.resolve();
    await queue.settled();
    expect(told).toEqual(["reads", "message", "edit"]);
  });

  it("reads once more where it is asked while it reads, and lets nothing go before", async () => {
    const { queue, told, readings } = turns();
    queue.readMissed();
    queue.inTurn(() => told.push("edit"));
    queue.readMissed();
    queue.readMissed();
    readings[0]?.resolve();
    await settle();
    expect(told).toEqual(["reads", "reads"]);
    readings[1]?.resolve();
    await queue.settled();
    expect(told).toEqual(["reads", "reads", "edit"]);
  });

  it("holds from the moment that something may be missing, before the reading begins", async () => {
    const { queue, told, readings } = turns();
    queue.hold();
    queue.inTurn(() => told.push("edit"));
    expect(told).toEqual([]);
    queue.readMissed();
    readings[0]?.resolve();
    await queue.settled();
    expect(told).toEqual(["reads", "edit"]);
  });

  it("reads nothing more once it is to end", async () => {
    const { queue, told, closing } = turns();
    closing.abort();
    queue.readMissed();
    queue.inTurn(() => told.push("edit"));
    await queue.settled();
    expect(told).toEqual(["edit"]);
  });

  it("lets everything go where it becomes too much to keep", () => {
    const { queue } = turns();
    let told = 0;
    queue.readMissed();
    for (let index = 0; index < 60_000; index += 1) {
      queue.inTurn(() => {
        told += 1;
      });
    }
    expect(told).toBe(60_000);
  });
});
