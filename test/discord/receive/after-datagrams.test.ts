import { expect, it } from "vitest";
import { AfterDatagrams } from "../../../src/discord/receive/after-datagrams.ts";
import { settle } from "../../support/virtual-clock.ts";

const READ_IN_A_TURN = 32;

/** As a socket's datagrams are read: so many in each turn of the event loop, until none is left. */
async function readDatagrams(count: number, read: (index: number) => void): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    if (index % READ_IN_A_TURN === 0) await settle();
    read(index);
  }
}

it("runs tasks in order once the datagrams that wait with them are read", async () => {
  const queue = new AfterDatagrams();
  const happened: string[] = [];
  queue.run(() => happened.push("first message"));
  queue.run(() => happened.push("second message"));
  await readDatagrams(1_000, (index) => {
    queue.countDatagram();
    happened.push(`datagram ${index}`);
  });
  expect(happened).toHaveLength(1_000);
  await settle();
  await settle();
  expect(happened.slice(1_000)).toEqual(["first message", "second message"]);
});

it("runs tasks within two turns if no datagram comes", async () => {
  const queue = new AfterDatagrams();
  const happened: string[] = [];
  expect(queue.isWaiting).toBe(false);
  queue.run(() => happened.push("message"));
  expect(queue.isWaiting).toBe(true);
  await settle();
  await settle();
  expect(happened).toEqual(["message"]);
  expect(queue.isWaiting).toBe(false);
});

it("stops waiting if datagrams never end", async () => {
  const queue = new AfterDatagrams();
  let done = false;
  queue.run(() => {
    done = true;
  });
  let turns = 0;
  while (!done && turns < 2_000) {
    turns += 1;
    for (let index = 0; index < READ_IN_A_TURN; index += 1) queue.countDatagram();
    await settle();
  }
  expect(done).toBe(true);
});

it("runs waiting tasks at once when flushed; later tasks wait for their own turns", async () => {
  const queue = new AfterDatagrams();
  const happened: string[] = [];
  queue.run(() => happened.push("message"));
  await settle();
  queue.flush();
  expect(happened).toEqual(["message"]);
  queue.run(() => happened.push("later"));
  await settle();
  expect(happened).toEqual(["message"]);
  await settle();
  await settle();
  expect(happened).toEqual(["message", "later"]);
});
