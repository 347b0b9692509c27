import { describe, expect, it } from "vitest";
import type { KeyEvent } from "../../../src/discord/dave/dave-keeper.ts";
import {
  acceptsClear,
  type DavePhase,
  firstPhase,
  isChanging,
  stepPhase,
} from "../../../src/discord/dave/dave-phase.ts";

const prepare = (transitionId: number, protocolVersion: number): KeyEvent => ({
  kind: "prepare_transition",
  transitionId,
  protocolVersion,
});
const execute = (transitionId: number): KeyEvent => ({ kind: "execute_transition", transitionId, wasPending: true });
const commit = (transitionId: number): KeyEvent => ({ kind: "commit", transitionId, epoch: 2n });
const welcome = (transitionId: number): KeyEvent => ({ kind: "welcome", transitionId, epoch: 2n });
const newGroup = (protocolVersion = 1, epoch = 1): KeyEvent => ({ kind: "prepare_epoch", protocolVersion, epoch });
const left: KeyEvent = { kind: "left_group", transitionId: 0 };

/** The phase after these events, a second apart from second 1 on. */
function phaseAfter(protocolVersion: number, ...events: readonly KeyEvent[]): DavePhase {
  return events.reduce(
    (phase, event, index) => stepPhase(phase, event, (index + 1) * 1_000).phase,
    firstPhase(protocolVersion, 0),
  );
}

describe("the phase of a call's keys", () => {
  it("begins settled and unencrypted with version 0, and without group keys with version 1", () => {
    expect(firstPhase(0, 5)).toMatchObject({ kind: "settled", senders: "clear", sinceMs: 5 });
    expect(firstPhase(1, 5)).toMatchObject({ kind: "grouping", senders: "encrypted", announced: [] });
  });

  it("is pending from the welcome until the execution, which settles it", () => {
    expect(phaseAfter(1, welcome(7))).toMatchObject({ kind: "pending", sinceMs: 0, announced: [{ transitionId: 7 }] });
    expect(phaseAfter(1, welcome(7), execute(7))).toMatchObject({ kind: "settled", sinceMs: 2_000 });
  });

  it("executes transition 0 at once, and treats its opcode 22 as a repeat", () => {
    const settled = phaseAfter(1, welcome(0));
    expect(settled).toMatchObject({ kind: "settled", sinceMs: 1_000 });
    expect(stepPhase(settled, execute(0), 3_000)).toEqual({ phase: settled, note: { kind: "nothing" } });
  });

  it("returns when the transition that just completed had begun", () => {
    const pending = phaseAfter(1, welcome(7), execute(7), commit(8));
    expect(stepPhase(pending, execute(8), 9_000).note).toEqual({ kind: "executed", begunMs: 3_000 });
  });

  it("lets a later transition overtake an earlier one whose opcode 22 never arrives", () => {
    expect(phaseAfter(1, welcome(7), commit(8), execute(8))).toMatchObject({ kind: "settled" });
    expect(phaseAfter(1, welcome(7), commit(8), execute(7))).toMatchObject({
      kind: "pending",
      announced: [{ transitionId: 8 }],
    });
  });

  it("ignores a repeated opcode 22, and only becomes doubtful after an unknown one", () => {
    const settled = phaseAfter(1, welcome(7), execute(7));
    expect(stepPhase(settled, execute(7), 5_000)).toEqual({ phase: settled, note: { kind: "nothing" } });
    const { phase, note } = stepPhase(settled, execute(99), 5_000);
    expect(note).toEqual({ kind: "unknown_transition" });
    expect(phase).toEqual({ ...settled, isDoubtful: true });
    expect(stepPhase(phase, commit(8), 6_000).phase).toMatchObject({ kind: "pending", isDoubtful: false });
  });

  it("is not executed while the group is still being made", () => {
    expect(phaseAfter(0, newGroup(), prepare(3, 1), execute(3))).toMatchObject({
      kind: "grouping",
      senders: "encrypted",
    });
    expect(phaseAfter(0, newGroup(), execute(3))).toMatchObject({
      kind: "grouping",
      senders: "clear",
      isDoubtful: true,
    });
  });

  it("returns to a group in the making after opcodes 24 and 31, from every phase; other epochs change nothing", () => {
    const phases = [phaseAfter(0), phaseAfter(1), phaseAfter(1, welcome(7)), phaseAfter(1, welcome(7), execute(7))];
    for (const phase of phases) {
      for (const event of [newGroup(), left]) {
        expect(stepPhase(phase, event, 9_000).phase).toMatchObject({
          kind: "grouping",
          sinceMs: 9_000,
          senders: phase.senders,
        });
      }
      expect(stepPhase(phase, newGroup(1, 5), 9_000).phase).toBe(phase);
    }
  });

  it("keeps only a few announcements and ids, however many there are", () => {
    let phase = firstPhase(1, 0);
    for (let id = 1; id < 5_000; id += 1) phase = stepPhase(phase, commit(id), id).phase;
    expect(phase.kind === "pending" && phase.announced.length).toBeLessThan(100);
  });

  it("remembers the last 16 executed ids, and treats any other as unknown", () => {
    const ids = Array.from({ length: 20 }, (_, index) => index + 1);
    const settled = phaseAfter(1, ...ids.flatMap((id) => [welcome(id), execute(id)]));
    expect(settled.executed).toEqual(ids.slice(4));
    expect([5, 4].map((id) => stepPhase(settled, execute(id), 50_000).note.kind)).toEqual([
      "nothing",
      "unknown_transition",
    ]);
  });

  it("has one announcement per id, the newest", () => {
    expect(phaseAfter(1, welcome(7), commit(8), commit(7))).toMatchObject({
      announced: [
        { transitionId: 8, sinceMs: 2_000 },
        { transitionId: 7, sinceMs: 3_000 },
      ],
    });
  });

  it("is not changed by an ignored message", () => {
    const pending = phaseAfter(1, welcome(7));
    const ignored: KeyEvent = { kind: "ignored", opcode: 30, reason: "we are in the group already" };
    expect(stepPhase(pending, ignored, 9_000)).toEqual({ phase: pending, note: { kind: "nothing" } });
  });

  it("keeps what was announced while the group was made, once its keys are ready", () => {
    const grouping = phaseAfter(1, prepare(3, 1));
    expect(grouping).toMatchObject({ kind: "grouping", sinceMs: 0, announced: [{ transitionId: 3 }] });
    expect(stepPhase(grouping, welcome(4), 2_000).phase).toMatchObject({
      kind: "pending",
      sinceMs: 0,
      announced: [{ transitionId: 3 }, { transitionId: 4 }],
    });
  });

  it("settles unencrypted if version 0 is executed before the group is made, unless more is announced", () => {
    const { phase, note } = stepPhase(phaseAfter(1, prepare(3, 0)), execute(3), 5_000);
    expect(phase).toMatchObject({ kind: "settled", senders: "clear", sinceMs: 5_000 });
    expect(note).toEqual({ kind: "executed", begunMs: 0 });
    expect(stepPhase(phaseAfter(1, prepare(3, 0), prepare(4, 1)), execute(3), 5_000)).toMatchObject({
      phase: { kind: "grouping", senders: "clear", sinceMs: 0, announced: [{ transitionId: 4 }] },
      note: { kind: "nothing" },
    });
  });

  it("never throws, and settles at the next execution, whatever came before", () => {
    const events = [prepare(1, 0), prepare(2, 1), execute(1), execute(2), commit(1), welcome(2), newGroup(), left];
    for (const first of events) {
      for (const second of events) {
        for (const third of events) {
          const phase = phaseAfter(1, first, second, third, welcome(50), execute(50));
          expect(phase).toMatchObject({ kind: "settled", senders: "encrypted", isDoubtful: false });
        }
      }
    }
  });
});

describe("unencrypted frames", () => {
  it("pass in version 0, but not in an encrypted call", () => {
    expect(acceptsClear(firstPhase(0, 0), 1e9)).toBe(true);
    expect(acceptsClear(firstPhase(1, 0), 0)).toBe(false);
    expect(acceptsClear(phaseAfter(1, welcome(7)), 1_500)).toBe(false);
    expect(acceptsClear(phaseAfter(1, welcome(7), execute(7)), 2_500)).toBe(false);
  });

  it("pass until 10 s after an upgrade was executed, however late that is", () => {
    expect(acceptsClear(phaseAfter(0, newGroup(), welcome(7)), 60_000)).toBe(true);
    const upgraded = stepPhase(phaseAfter(0, newGroup(), welcome(7)), execute(7), 60_000).phase;
    expect(acceptsClear(upgraded, 69_999)).toBe(true);
    expect(acceptsClear(upgraded, 70_000)).toBe(false);
    // Later transitions do not make it longer.
    const later = stepPhase(stepPhase(upgraded, commit(8), 65_000).phase, execute(8), 66_000).phase;
    expect(acceptsClear(later, 70_000)).toBe(false);
  });

  it("pass as soon as a new group has no encryption", () => {
    const regrouped = phaseAfter(1, welcome(7), execute(7), newGroup(0));
    expect(acceptsClear(regrouped, 1e9)).toBe(true);
    expect(acceptsClear(phaseAfter(1, welcome(7), execute(7), newGroup(0, 5)), 1e9)).toBe(false);
  });

  it("pass as soon as a downgrade is announced", () => {
    const downgrading = phaseAfter(1, welcome(7), execute(7), prepare(8, 0));
    expect(downgrading).toMatchObject({ kind: "pending", senders: "encrypted" });
    expect(acceptsClear(downgrading, 4_000)).toBe(true);
    expect(stepPhase(downgrading, execute(8), 5_000).phase).toMatchObject({ kind: "settled", senders: "clear" });
  });
});

describe("a pending transition", () => {
  it("justifies waiting for 10 s, and not forever", () => {
    const pending = phaseAfter(1, welcome(7));
    expect(isChanging(pending, 10_999)).toBe(true);
    expect(isChanging(pending, 11_000)).toBe(false);
    expect(isChanging(phaseAfter(1, welcome(7), execute(7)), 2_000)).toBe(false);
    expect(isChanging(firstPhase(1, 0), 0)).toBe(false);
    // From the newest announcement on.
    expect(isChanging(phaseAfter(1, welcome(7), commit(8)), 11_999)).toBe(true);
  });
});
