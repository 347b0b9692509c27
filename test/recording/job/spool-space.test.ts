import { describe, expect, it } from "vitest";
import { memoryCall } from "../../support/memory-call.ts";
import { FLAGS, somebody } from "../../support/people.ts";
import { settle } from "../../support/virtual-clock.ts";

const ALICE = somebody(1);
const MEGABYTE = 1_000_000;

async function talking() {
  const call = memoryCall({ spoolSpace: { lowBytes: 2 * MEGABYTE, stopBytes: MEGABYTE } });
  const result = call.recorder.run();
  await settle();
  call.voice.listener?.roster({ kind: "join", person: ALICE, flags: FLAGS });
  const talk = async (packets: number): Promise<void> => {
    for (let packet = 0; packet < packets; packet += 1) {
      call.speak(ALICE.id);
      await call.clock.advance(20);
    }
  };
  await talk(100);
  return { call, result, talk };
}

describe("a spool whose disk fills up", () => {
  it("has open files closed and stored early, which frees space", async () => {
    const { call, result, talk } = await talking();
    expect(call.storage.order).toEqual([]);
    call.spool.free = 1.5 * MEGABYTE;
    await talk(100);
    expect(call.storage.order).toEqual([`audio.${ALICE.id}.ogg`]);
    expect(call.spool.files.has(`audio.${ALICE.id}.ogg`)).toBe(false);
    await talk(100);
    expect(call.storage.order).toHaveLength(1);
    expect(call.recorder.state.status).toBe("recording");
    call.recorder.end({ exitReason: "shutdown", detail: "test" });
    const { manifest } = await result;
    expect(manifest?.datagrams).toMatchObject({ received: 300, written: 300 });
    expect(manifest?.tracks.map(({ packets }) => packets.lost)).toEqual([0, 0]);
  });

  it("ends the recording before it is full, with all data kept", async () => {
    const { call, result, talk } = await talking();
    call.spool.free = 0.9 * MEGABYTE;
    await talk(100);
    expect(await result).toMatchObject({ exitCode: 0, state: { status: "failed", failureCode: "internal_error" } });
    const { manifest } = await result;
    expect(manifest?.exitDetail).toBe("the spool's disk has 0 MB left, less than MEETBOT_SPOOL_STOP_MB allows");
    expect(manifest?.datagrams.written).toBeGreaterThanOrEqual(100);
  });
});

describe("a spool whose disk does not respond", () => {
  it("is tolerated for less than five minutes, and then ends the recording", async () => {
    const { call, result, talk } = await talking();
    const answer = Promise.withResolvers<string[]>();
    call.spool.restore = () => answer.promise;
    await call.clock.advance(299_000);
    expect(call.recorder.state.status).toBe("recording");
    await call.clock.advance(2_000);
    expect(call.recorder.state.status).not.toBe("recording");
    await talk(1);
    answer.resolve([]);
    expect((await result).manifest?.exitDetail).toBe("the spool's disk has not answered for 300 s");
  });

  it("changes nothing if the disk responds in time", async () => {
    const { call, result } = await talking();
    const { restore } = call.spool;
    const answer = Promise.withResolvers<string[]>();
    call.spool.restore = () => answer.promise;
    await call.clock.advance(200_000);
    call.spool.restore = restore;
    answer.resolve([]);
    await call.clock.advance(200_000);
    expect(call.recorder.state.status).toBe("recording");
    call.recorder.end({ exitReason: "shutdown", detail: "test" });
    expect((await result).exitCode).toBe(0);
  });
});

describe("a spool whose disk hangs when the call is over", () => {
  const hangs = () => new Promise<never>(() => undefined);

  it("is given up after five minutes with exit code 5, whatever hangs, and is not touched any more", async () => {
    for (const [hung, status] of [
      ["write", "finalizing"],
      ["names", "completed"],
    ] as const) {
      const { call, result } = await talking();
      Object.assign(call.spool, { [hung]: hangs, freeBytes: hangs });
      call.recorder.end({ exitReason: "alone_in_room", detail: "test" });
      await call.clock.advance(290_000);
      const names = [...call.spool.files.keys()];
      expect(names).toContain("journal.jsonl");
      expect(call.recorder.state.status).toBe(status);
      await call.clock.advance(20_000);
      expect(await result).toMatchObject({
        exitCode: 5,
        manifestUri: undefined,
        state: {
          status: "failed",
          failureCode: "internal_error",
          detail: "the spool's disk has not answered for 300 s; recover the job when the disk answers again",
        },
      });
      expect([...call.spool.files.keys()]).toEqual(names);
    }
  });
});
