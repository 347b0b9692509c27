import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { listenToKeys } from "../../../src/cli/view/live-keys.ts";

function fakeKeyboard() {
  const modes: (boolean | "unref")[] = [];
  const keyboard = Object.assign(new PassThrough(), {
    setRawMode: (raw: boolean) => void modes.push(raw),
    unref: () => void modes.push("unref"),
  });
  return { keyboard, modes };
}

function target() {
  const done: string[] = [];
  let paused = false;
  const set = (to: boolean): boolean => {
    const changes = paused !== to;
    if (changes) done.push(to ? "paused" : "resumed");
    paused = to;
    return changes;
  };
  const call = { pause: () => set(true), resume: () => set(false) };
  return {
    done,
    call,
    end: ({ exitReason }: { exitReason: string }) => void done.push(exitReason),
    interrupt: () => void done.push("interrupted"),
    changed: () => undefined,
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("p pauses and resumes, q leaves, Ctrl-C interrupts, and any other key does nothing.", async () => {
  const { keyboard } = fakeKeyboard();
  const keys = target();
  listenToKeys(keyboard, keys);
  keyboard.write("pxp\x1b[A\x03q");
  await turn();
  expect(keys.done).toEqual(["paused", "resumed", "interrupted", "leave_requested"]);
});

test("While nothing is recorded, p does nothing and q still leaves.", async () => {
  const { keyboard } = fakeKeyboard();
  const keys = { ...target(), call: undefined };
  listenToKeys(keyboard, keys);
  keyboard.write("pq");
  await turn();
  expect(keys.done).toEqual(["leave_requested"]);
});

test("Keys are read one by one while it listens, and the terminal mode is restored afterwards.", async () => {
  const { keyboard, modes } = fakeKeyboard();
  const keys = target();
  const release = listenToKeys(keyboard, keys);
  expect(modes).toEqual([true, "unref"]);
  release();
  keyboard.write("q");
  await turn();
  expect(modes).toEqual([true, "unref", false]);
  expect(keys.done).toEqual([]);
});

test("A terminal that goes away does not end the call.", async () => {
  const { keyboard } = fakeKeyboard();
  const keys = target();
  listenToKeys(keyboard, keys);
  keyboard.destroy(new Error("EIO"));
  await turn();
  expect(keys.done).toEqual([]);
});
