import { expect, test } from "vitest";
import { HeldDispatches } from "../../../src/discord/chat/held-dispatches.ts";

test("What was dispatched is told in its order when the past is read.", () => {
  const told: string[] = [];
  const held = new HeldDispatches((action) => action());
  held.addMessage("1", "10", () => told.push("create 10"));
  held.add(() => told.push("delete 10"));
  held.release();
  held.release();
  expect(told).toEqual(["create 10", "delete 10"]);
});

test("New messages are told before those that are read and were sent after them, channel by channel.", () => {
  const told: string[] = [];
  const held = new HeldDispatches((action) => action());
  for (const id of ["8", "10", "12"]) held.addMessage("1", id, () => told.push(`1: ${id}`));
  held.addMessage("2", "9", () => told.push("2: 9"));
  held.tellMessagesBefore("1", "11");
  held.tellMessagesBefore("1", "11");
  held.tellMessagesBefore("3", "11");
  expect(told).toEqual(["1: 8", "1: 10"]);
});
