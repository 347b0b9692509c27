import { describe, expect, it } from "vitest";
import { DeadlineError, withDeadline } from "../src/deadline.ts";
import { settle, VirtualClock } from "./support/virtual-clock.ts";

const never = (): Promise<never> => new Promise(() => undefined);

describe("withDeadline", () => {
  it("returns what the call returns, and throws what it throws", async () => {
    const bounds = { what: "Discord", limitMs: 1_000, clock: new VirtualClock() };
    expect(await withDeadline(async () => 1, bounds)).toBe(1);
    await expect(withDeadline(() => Promise.reject(new TypeError("no")), bounds)).rejects.toThrow(TypeError);
  });

  it("ends at the limit even if the call ignores its signal", async () => {
    const clock = new VirtualClock();
    let signal: AbortSignal | undefined;
    const asked = withDeadline(
      (given) => {
        signal = given;
        return never();
      },
      { what: "Discord", limitMs: 5_000, clock },
    );
    const outcome = asked.catch((error: unknown) => error);
    await clock.advance(4_999);
    expect(signal?.aborted).toBe(false);
    await clock.advance(1);
    expect(await outcome).toEqual(new DeadlineError("Discord", 5_000));
    expect(signal?.aborted).toBe(true);
  });

  it("does not depend on changes of the machine's clock", async () => {
    const clock = new VirtualClock();
    let over = false;
    const asked = withDeadline(never, { what: "Discord", limitMs: 5_000, clock }).catch(() => {
      over = true;
    });
    clock.wallOffsetMs = 86_400_000;
    await clock.advance(4_999);
    expect(over).toBe(false);
    clock.wallOffsetMs = -86_400_000;
    await clock.advance(1);
    await asked;
    expect(over).toBe(true);
  });

  it("ends at once with the abort reason, before the call or during it", async () => {
    const bounds = { what: "Discord", limitMs: 5_000, clock: new VirtualClock() };
    const stop = new AbortController();
    const asked = withDeadline(never, { ...bounds, stop: stop.signal });
    stop.abort(new Error("stopped by the caller"));
    await expect(asked).rejects.toThrow("stopped by the caller");
    let called = false;
    const late = withDeadline(
      async () => {
        called = true;
      },
      { ...bounds, stop: stop.signal },
    );
    await expect(late).rejects.toThrow("stopped by the caller");
    await settle();
    expect(called).toBe(false);
  });
});
