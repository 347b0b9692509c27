import { describe, expect, it } from "vitest";
import type { KeyEvent } from "../../../src/discord/dave/dave-keeper.ts";
import { type DavePhase, firstPhase, stepPhase } from "../../../src/discord/dave/dave-phase.ts";
import { Hearing, type Sender } from "../../../src/discord/receive/hearing.ts";
import type { CallEnd } from "../../../src/session/exit.ts";

const ALICE: Sender = { kind: "member", userId: "200000000000000001" };
const BOB: Sender = { kind: "member", userId: "200000000000000002" };
const OUTSIDER: Sender = { kind: "outsider", userId: "200000000000000003" };
const MUSIC_BOT: Sender = { kind: "bot", userId: "200000000000000004" };
const UNENCRYPTED: Sender = { kind: "unencrypted", userId: "200000000000000005" };
const NOBODY_KNOWN: Sender = { kind: "member", userId: undefined };
const welcome = (transitionId: number): KeyEvent => ({ kind: "welcome", transitionId, epoch: 2n });
const execute = (transitionId: number): KeyEvent => ({ kind: "execute_transition", transitionId, wasPending: true });
const newGroup: KeyEvent = { kind: "prepare_epoch", protocolVersion: 1, epoch: 1 };
const leftGroup: KeyEvent = { kind: "left_group", transitionId: 0 };

/** A call on a clock of its own: an encrypted one with its keys, unless another phase is given. */
function call(begin: DavePhase = stepPhase(firstPhase(1, -1_000), welcome(0), -1_000).phase) {
  const reported: string[] = [];
  const ends: CallEnd[] = [];
  let phase = begin;
  let nowMs = 0;
  const ears = new Hearing({
    connection: (state) => reported.push(state),
    regroup: () => reported.push("regroup"),
    rejoin: () => reported.push("rejoin"),
    end: (end) => ends.push(end),
    unheardSpeaker: (userId, isOutsider) =>
      reported.push(`${isOutsider ? "outside" : "undecryptable"} ${userId.at(-1)}`),
  });
  /** Each sends a packet every 20 ms that cannot be opened. */
  const unheardFor = (durationMs: number, ...senders: Sender[]): void => {
    for (const untilMs = nowMs + durationMs; nowMs < untilMs; nowMs += 20) {
      for (const sender of senders) ears.noteUnheard(sender, nowMs);
      if (nowMs % 100 === 0) ears.poll(nowMs, phase);
    }
    ears.poll(nowMs, phase);
  };
  const step = (event: KeyEvent): void => {
    const { phase: next, note } = stepPhase(phase, event, nowMs);
    phase = next;
    if (note.kind === "executed") ears.noteKeyChange(note.begunMs);
  };
  const heard = ({ userId }: Sender) => ears.noteHeard(userId ?? "");
  const count = (what: string) => reported.filter((one) => one === what).length;
  return { ears, reported, ends, unheardFor, quietFor: unheardFor, step, heard, count, now: () => nowMs };
}

describe("speech that cannot be decrypted", () => {
  it("for a moment is treated as a change of keys", () => {
    const { reported, heard, unheardFor } = call();
    unheardFor(400, ALICE, BOB);
    heard(ALICE);
    unheardFor(400, ALICE, BOB);
    expect(reported).toEqual([]);
  });

  it("makes the bot rejoin the group after half a second, every 3 s, and is a gap after one second", () => {
    const { reported, count, heard, unheardFor } = call();
    unheardFor(8_000, ALICE);
    expect(count("regroup")).toBe(3);
    expect(reported.filter((what) => what !== "regroup")).toEqual(["unheard"]);
    heard(ALICE);
    unheardFor(100);
    expect(reported.at(-1)).toBe("live");
  });

  it("for 10 s makes the bot rejoin the channel, three times, and then ends the call", () => {
    const { ends, count, unheardFor } = call();
    unheardFor(10_040, ALICE);
    expect(count("rejoin")).toBe(1);
    unheardFor(22_000, ALICE);
    expect([count("rejoin"), ends]).toEqual([3, []]);
    unheardFor(10_000, ALICE);
    expect(count("rejoin")).toBe(3);
    expect(ends).toEqual([
      {
        ...{ exitReason: "network_loss", failureCode: "recording_disabled" },
        detail: "people spoke, but nothing of it could be decrypted, and joining again 3 times did not help",
      },
    ]);
  });

  it("is detected in 10 s even with pauses between words that send readable silence", () => {
    const { count, unheardFor, quietFor } = call();
    for (let word = 0; word < 5; word += 1) {
      unheardFor(1_000, ALICE);
      quietFor(1_500);
    }
    expect(count("rejoin")).toBe(1);
  });

  it("starts a new count after each word that is heard", () => {
    const { ends, count, heard, unheardFor } = call();
    unheardFor(25_000, ALICE);
    heard(BOB);
    unheardFor(31_000, ALICE);
    expect([count("rejoin"), ends]).toEqual([5, []]);
  });

  it("from unknown senders is detected too, and is no reason to leave the group", () => {
    const { count, unheardFor } = call();
    unheardFor(10_040, NOBODY_KNOWN);
    expect([count("rejoin"), count("regroup")]).toEqual([1, 0]);
  });

  it("once in a while is a damaged packet, however rarely anything is heard", () => {
    const { reported, unheardFor, quietFor } = call();
    for (let minute = 0; minute < 60; minute += 1) {
      unheardFor(20, ALICE);
      quietFor(12_000);
    }
    expect(reported).toEqual([]);
  });

  it("of one person while others are heard is that person's, who is named once", () => {
    const { reported, heard, unheardFor } = call();
    for (let step = 0; step < 300; step += 1) {
      unheardFor(100, ALICE);
      heard(BOB);
    }
    expect(reported).toEqual(["undecryptable 1"]);
  });
});

describe("while a transition is pending", () => {
  it.each([0, 300, 1_000, 2_000, 3_000, 5_000])("of %i ms, nothing is given up", (delayMs) => {
    const { count, ends, reported, step, heard, unheardFor } = call(firstPhase(1, 0));
    unheardFor(200, ALICE, BOB);
    step(welcome(7));
    // Senders use keys of which we have none until opcode 22.
    unheardFor(delayMs, ALICE, BOB);
    step(execute(7));
    unheardFor(60, ALICE, BOB);
    heard(ALICE);
    unheardFor(100);
    expect([count("regroup"), count("rejoin"), ends]).toEqual([0, 0, []]);
    expect(reported.at(-1) ?? "live").toBe("live");
  });

  it("that is never executed, evidence decides: a failure to decrypt is detected in 10 s", () => {
    const { count, step, unheardFor } = call();
    step({ kind: "commit", transitionId: 7, epoch: 2n });
    unheardFor(9_900, ALICE);
    expect([count("regroup"), count("rejoin")]).toEqual([0, 0]);
    unheardFor(200, ALICE);
    expect(count("rejoin")).toBe(1);
  });

  it("that was never executed, wrong keys are detected in half a second a while later", () => {
    const { count, step, unheardFor, quietFor } = call();
    step({ kind: "commit", transitionId: 7, epoch: 2n });
    quietFor(20_000);
    unheardFor(700, ALICE);
    expect(count("regroup")).toBe(1);
  });

  it("wrong keys are detected even if the group changes all the time", () => {
    const { count, step, unheardFor } = call();
    for (let id = 1; id < 40; id += 1) {
      step({ kind: "commit", transitionId: id, epoch: 2n });
      unheardFor(200, ALICE);
      step(execute(id));
      unheardFor(100, ALICE);
    }
    expect(count("rejoin")).toBe(1);
  });

  it("a group that is being made gets 3 s", () => {
    const { count, step, unheardFor } = call();
    step(newGroup);
    unheardFor(2_900, ALICE);
    expect(count("regroup")).toBe(0);
    unheardFor(200, ALICE);
    expect(count("regroup")).toBe(1);
    step(leftGroup);
    unheardFor(2_900, ALICE);
    expect(count("regroup")).toBe(1);
  });

  it("a call without encryption has no group to join again", () => {
    const { count, unheardFor } = call(firstPhase(0, 0));
    unheardFor(9_000, ALICE);
    expect(count("regroup")).toBe(0);
  });
});

describe("a person whose frames cannot be decrypted by their own fault", () => {
  it.each([
    ["outside the group", OUTSIDER, ["unheard", "outside 3"]],
    ["without encryption", UNENCRYPTED, ["unheard"]],
    ["who is a bot", MUSIC_BOT, ["undecryptable 4"]],
  ])("%s is not taken for a failure to decrypt, even if nobody else speaks", (_, sender, expected) => {
    const { reported, ends, unheardFor } = call();
    unheardFor(45_000, sender);
    expect(reported).toEqual(expected);
    expect(ends).toEqual([]);
  });

  it("does not hide that others cannot be heard", () => {
    const { count, unheardFor } = call();
    unheardFor(10_040, OUTSIDER, MUSIC_BOT, ALICE);
    expect(count("rejoin")).toBe(1);
  });
});

describe("a bot that is disconnected or deafened", () => {
  it("tries nothing, and names the gap", () => {
    const { ears, reported, count, unheardFor } = call();
    ears.setDisconnected(true);
    unheardFor(20_000, ALICE);
    ears.connected();
    ears.setDisconnected(false);
    ears.setDeafened(true);
    unheardFor(20_000, ALICE);
    expect([count("rejoin"), count("regroup")]).toEqual([0, 0]);
    expect(reported[0]).toBe("reconnecting");
    expect(reported.at(-1)).toBe("unheard");
  });
});

describe("a new connection, or a bot that is deafened for a while", () => {
  it.each<[string, (ears: Hearing) => void]>([
    ["a new connection", (ears) => ears.connected()],
    [
      "deafened",
      (ears) => {
        ears.setDeafened(true);
        ears.setDeafened(false);
      },
    ],
  ])("forgets what went unheard before: %s", (_, happens) => {
    const { ears, count, reported, heard, unheardFor } = call();
    unheardFor(9_000, ALICE);
    happens(ears);
    unheardFor(2_000, ALICE);
    expect(count("rejoin")).toBe(0);
    heard(ALICE);
    for (let step = 0; step < 28; step += 1) {
      unheardFor(100, BOB);
      heard(ALICE);
    }
    happens(ears);
    unheardFor(400, BOB);
    expect(reported).not.toContain("undecryptable 2");
  });

  it("reports at once whether it is deafened", () => {
    const { ears, reported } = call();
    ears.setDeafened(true);
    ears.setDeafened(false);
    expect(reported).toEqual(["unheard", "live"]);
  });
});

describe("a day of quiet", () => {
  it("makes nobody rejoin and ends nothing; a later failure to decrypt is detected in 10 s", () => {
    const { ears, reported, ends, count, quietFor, unheardFor, step } = call();
    for (let minute = 0; minute < 24 * 60; minute += 1) {
      // Announcements of SSRCs and comfort silence are not evidence, so they do not get here.
      quietFor(59_000);
      // A damaged packet, a change of keys, somebody outside the group who clears their throat.
      if (minute % 7 === 0) unheardFor(40, ALICE);
      if (minute % 11 === 0) unheardFor(300, OUTSIDER);
      if (minute % 13 === 0) {
        step({ kind: "commit", transitionId: minute + 1, epoch: 2n });
        unheardFor(200, BOB);
        step(execute(minute + 1));
      }
      // A new connection: after a 4006, a move, a migration.
      if (minute % 97 === 0) {
        ears.setDisconnected(true);
        quietFor(1_000);
        ears.connected();
        ears.setDisconnected(false);
      }
    }
    expect([count("rejoin"), count("regroup"), count("unheard"), ends]).toEqual([0, 0, 0, []]);
    expect(new Set(reported)).toEqual(new Set(["reconnecting", "live"]));
    unheardFor(10_040, ALICE);
    expect(count("rejoin")).toBe(1);
  });
});
