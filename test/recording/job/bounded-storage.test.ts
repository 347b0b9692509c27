import { describe, expect, it } from "vitest";
import { isWorthRetry, JobError } from "../../../src/errors.ts";
import { BoundedStorage } from "../../../src/recording/job/bounded-storage.ts";
import type { SpooledFile } from "../../../src/recording/ports/spool.ts";
import type { Storage } from "../../../src/recording/ports/storage.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const FILE: SpooledFile = { name: "a.ogg", path: "a.ogg", bytes: 1_000_000, sha256: "" };

/** A storage whose calls return when the test lets them. */
function hungStorage() {
  const calls: PromiseWithResolvers<void>[] = [];
  const hang = (): Promise<void> => {
    const call = Promise.withResolvers<void>();
    calls.push(call);
    return call.promise;
  };
  const storage: Storage = {
    check: hang,
    put: hang,
    has: () => new Promise(() => undefined),
    read: () => new Promise(() => undefined),
    remove: hang,
    uriOf: (name) => name,
  };
  const clock = new VirtualClock();
  return { bounded: new BoundedStorage(storage, clock), clock, calls };
}

const failureOf = (call: Promise<void>): Promise<unknown> =>
  call.then(() => undefined).catch((error: unknown) => error);

describe("a storage whose system calls never return", () => {
  it("fails the check before a job like an unreachable network storage", async () => {
    const { bounded, clock } = hungStorage();
    const failure = failureOf(bounded.check());
    await clock.advance(60_000);
    expect(await failure).toBeInstanceOf(JobError);
    expect(await failure).toMatchObject({ failureCode: "network_loss" });
  });

  it("fails a file after a time that grows with its size, without a retry", async () => {
    const { bounded, clock } = hungStorage();
    const failure = failureOf(bounded.put(FILE, "audio/ogg"));
    await clock.advance(69_999);
    expect(await Promise.race([failure, "waits"])).toBe("waits");
    await clock.advance(1);
    expect(String(await failure)).toContain("a.ogg: the storage did not answer within 70 s");
    expect(isWorthRetry(await failure)).toBe(false);
  });

  it("gets no further request until the abandoned call has returned", async () => {
    const { bounded, clock, calls } = hungStorage();
    const first = failureOf(bounded.put(FILE, "audio/ogg"));
    await clock.advance(70_000);
    await first;
    await expect(bounded.put(FILE, "audio/ogg")).rejects.toThrow("has not answered an earlier request");
    expect(calls).toHaveLength(1);
    calls[0]?.resolve();
    await clock.advance(0);
    const again = bounded.put(FILE, "audio/ogg");
    calls[1]?.resolve();
    await again;
  });

  it("gives up the question for a file after 15 s", async () => {
    const { bounded, clock } = hungStorage();
    const answer = bounded.has("a.ogg").catch((error: unknown) => error);
    await clock.advance(15_000);
    expect(String(await answer)).toContain("the storage did not answer within 15 s");
  });

  it("is abandoned at once if the uploads are", async () => {
    const { bounded } = hungStorage();
    const stop = new AbortController();
    const put = bounded.put(FILE, "audio/ogg", { signal: stop.signal });
    stop.abort(new Error("uploads were abandoned"));
    await expect(put).rejects.toThrow("uploads were abandoned");
  });
});
