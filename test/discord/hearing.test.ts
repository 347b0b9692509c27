import { describe, expect, it } from "vitest";
import { Hearing } from "../../src/discord/hearing.ts";
import type { CallEnd } from "../../src/session/exit.ts";

/** Hearing whose keys are to fit within a second, and what it has asked for. */
function hearing() {
  const told: string[] = [];
  const ends: CallEnd[] = [];
  const ears = new Hearing(
    { patienceMs: 1_000 },
    {
      connection: (state) => told.push(state),
      regroup: () => told.push("regroup"),
      rejoin: () => told.push("rejoin"),
      gaveUp: (end) => ends.push(end),
    },
  );
  let nowMs = 0;
  /** Ten times a second; somebody speaks all the while, and nothing of it can be opened. */
  const goUnheard = (durationMs: number): void => {
    for (const untilMs = nowMs + durationMs; nowMs < untilMs; nowMs += 100) {
      ears.sign(nowMs);
      ears.poll(nowMs, true);
    }
  };
  return { ears, told, ends, goUnheard };
}

describe("Hearing", () => {
  it("takes a moment without the right keys for a change of keys", () => {
    const { ears, told, goUnheard } = hearing();
    goUnheard(900);
    ears.heard();
    goUnheard(900);
    expect(told).toEqual([]);
  });

  it("tells of a gap after a second, joins the group again every 3 s, and tells when it is over", () => {
    const { ears, told, goUnheard } = hearing();
    goUnheard(8_000);
    expect(told).toEqual(["unheard", "regroup", "regroup", "regroup"]);
    ears.heard();
    ears.poll(8_000, false);
    expect(told.slice(4)).toEqual(["live"]);
  });

  it("joins the channel anew after 10 s, three times, and gives up then", () => {
    const { told, ends, goUnheard } = hearing();
    goUnheard(31_000);
    expect(told.filter((what) => what === "rejoin")).toHaveLength(3);
    expect(ends).toEqual([]);
    goUnheard(10_000);
    expect(told.filter((what) => what === "rejoin")).toHaveLength(3);
    expect(ends).toMatchObject([{ exitReason: "network_loss", failureCode: "recording_disabled" }]);
  });

  it("begins to count anew with each word that is heard", () => {
    const { ears, told, ends, goUnheard } = hearing();
    goUnheard(25_000);
    ears.heard();
    goUnheard(31_000);
    expect(told.filter((what) => what === "rejoin")).toHaveLength(5);
    expect(ends).toEqual([]);
  });

  it("tries nothing while the connection is away, or the bot is deafened, which is a gap of its own", () => {
    const { ears, told, goUnheard } = hearing();
    ears.setAway(true);
    goUnheard(20_000);
    ears.setAway(false);
    ears.setDeafened(true);
    goUnheard(20_000);
    expect(told.filter((what) => what === "rejoin" || what === "regroup")).toEqual([]);
    expect(told[0]).toBe("reconnecting");
    expect(told.at(-1)).toBe("unheard");
  });
});
