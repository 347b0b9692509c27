import { describe, expect, it } from "vitest";
import { untilGroupJoined } from "../../../src/discord/dave/group-joined.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

/** A wait for the group, and its result so far. */
function waiting(joined: boolean) {
  const clock = new VirtualClock();
  const leaving = new AbortController();
  const wait = { clock, leaving, joined, outcome: "waits" };
  untilGroupJoined({ isJoined: () => wait.joined, clock, signal: leaving.signal }).then(
    () => {
      wait.outcome = "done";
    },
    (error: Error) => {
      wait.outcome = error.message;
    },
  );
  return wait;
}

describe("untilGroupJoined", () => {
  it("does not wait if the group is joined already", async () => {
    const wait = waiting(true);
    await wait.clock.advance(0);
    expect(wait.outcome).toBe("done");
  });

  it("waits until the group is joined, and gives the others time to join it too", async () => {
    const wait = waiting(false);
    await wait.clock.advance(3_000);
    expect(wait.outcome).toBe("waits");
    wait.joined = true;
    await wait.clock.advance(399);
    expect(wait.outcome).toBe("waits");
    await wait.clock.advance(1);
    expect(wait.outcome).toBe("done");
  });

  it("gives up after 10 s, and says so", async () => {
    const wait = waiting(false);
    await wait.clock.advance(9_999);
    expect(wait.outcome).toBe("waits");
    await wait.clock.advance(1);
    expect(wait.outcome).toBe("the call's end-to-end encryption was not joined in time");
  });

  it("ends at once if the bot leaves meanwhile", async () => {
    const wait = waiting(false);
    await wait.clock.advance(1_000);
    wait.leaving.abort();
    await wait.clock.advance(0);
    expect(wait.outcome).toBe("done");
  });
});
