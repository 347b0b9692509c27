import { describe, expect, it } from "vitest";
import { InputError } from "../../../src/errors.ts";
import { type MemoryCall, memoryCall } from "../../support/memory-call.ts";
import { FLAGS, somebody } from "../../support/people.ts";
import { settle } from "../../support/virtual-clock.ts";

const ALICE = somebody(1);
const PACKETS = 50;
const SECOND = `audio.${ALICE.id}-2.ogg`;

/** Alice speaks three times. Each part is stored, and the spool's copy removed, before something happens. */
async function recordAndEnd(change: (call: MemoryCall) => void, later?: (call: MemoryCall) => Promise<void>) {
  const call = memoryCall();
  const result = call.recorder.run();
  await settle();
  call.voice.listener?.roster({ kind: "join", person: ALICE, flags: FLAGS });
  for (let packet = 0; packet < 4 * 250; packet += 1) {
    if (packet < 3 * 250 && packet % 250 < PACKETS) call.speak(ALICE.id);
    await call.clock.advance(20);
  }
  expect(call.storage.order.filter((name) => name.endsWith(".ogg"))).toHaveLength(3);
  expect([...call.spool.files.keys()].filter((name) => name.endsWith(".ogg"))).toEqual([]);
  const stored = new Map(call.storage.files);
  change(call);
  call.recorder.end({ exitReason: "shutdown", detail: "test" });
  await later?.(call);
  return { ...(await result), call, stored };
}

const partsOf = ({ manifest }: Awaited<ReturnType<typeof recordAndEnd>>) => manifest?.tracks.map(({ part }) => part);

describe("at the end of a call", () => {
  it("a part that was deleted from the storage meanwhile is named with its size, and the rest is whole", async () => {
    const ended = await recordAndEnd(({ storage }) => storage.files.delete(SECOND));
    expect(ended.exitCode).toBe(0);
    expect(partsOf(ended)).toEqual([1, 3]);
    const text = `${SECOND} (${ended.stored.get(SECOND)?.length} bytes) was stored, but was deleted from the storage; the recording is finished without it`;
    expect(ended.manifest?.warnings).toEqual([{ code: "file_lost", text }]);
    expect(ended.manifest?.datagrams).toMatchObject({ received: 3 * PACKETS, written: 2 * PACKETS });
    expect(ended.manifest?.datagrams.dropped.disk_refused).toBe(PACKETS);
    expect([...ended.call.spool.files.keys()]).toEqual([]);
  });

  it("a part that the spool still has is stored again", async () => {
    const ended = await recordAndEnd(({ storage, spool }) => {
      spool.files.set(SECOND, storage.files.get(SECOND) ?? Buffer.alloc(0));
      storage.files.delete(SECOND);
    });
    expect(partsOf(ended)).toEqual([1, 2, 3]);
    expect(ended.manifest?.warnings).toEqual([]);
    expect(ended.call.storage.files.get(SECOND)).toEqual(ended.stored.get(SECOND));
  });

  it("a part whose copy in the spool is another one counts as deleted", async () => {
    const ended = await recordAndEnd(({ storage, spool }) => {
      spool.files.set(SECOND, Buffer.from("something else"));
      storage.files.delete(SECOND);
    });
    expect(partsOf(ended)).toEqual([1, 3]);
  });

  it.each([
    ["does not say which parts it has", new Error("Forbidden")],
    ["says that the whole folder is gone", new InputError("the folder is gone")],
  ])("nothing counts as deleted if the storage %s, and it is hardly asked again", async (_, error) => {
    const ended = await recordAndEnd(({ storage }) => {
      storage.files.delete(SECOND);
      storage.hidden = error;
    });
    expect(ended.exitCode).toBe(0);
    expect(partsOf(ended)).toEqual([1, 2, 3]);
    expect(ended.manifest?.warnings).toEqual([]);
    expect(ended.call.storage.questions).toBeLessThanOrEqual(2);
  });

  it("a storage that does not answer is waited for, but not for long", async () => {
    const ended = await recordAndEnd(
      ({ storage }) => Object.assign(storage, { has: () => new Promise<never>(() => undefined) }),
      async ({ clock }) => clock.advance(11_000),
    );
    expect(ended.exitCode).toBe(0);
    expect(partsOf(ended)).toEqual([1, 2, 3]);
  });

  it("a second signal ends the questions", async () => {
    const ended = await recordAndEnd(
      ({ storage }) => Object.assign(storage, { has: () => new Promise<never>(() => undefined) }),
      async ({ clock, recorder }) => {
        await clock.advance(100);
        recorder.abandon();
      },
    );
    expect(ended.exitCode).toBe(5);
  });
});
