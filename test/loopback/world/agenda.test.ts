import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Agenda } from "../../../src/loopback/world/agenda.ts";

describe("an agenda", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
  afterEach(() => void vi.useRealTimers());

  function create() {
    const done: string[] = [];
    const agenda = new Agenda();
    const startMs = performance.now();
    const add = (atMs: number, name: string) => agenda.add(startMs + atMs, () => done.push(name));
    return { agenda, add, done };
  }

  it("runs tasks in time order, and equal times in order of entry", () => {
    const { add, done } = create();
    add(20, "late");
    add(10, "first");
    add(10, "second");
    vi.advanceTimersByTime(9);
    expect(done).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(done).toEqual(["first", "second"]);
    vi.advanceTimersByTime(10);
    expect(done).toEqual(["first", "second", "late"]);
  });

  it("has one timer, however many tasks there are, and none without tasks", () => {
    const { agenda, add } = create();
    for (let index = 0; index < 100; index += 1) add(50 - index / 4, `${index}`);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(60);
    expect(vi.getTimerCount()).toBe(0);
    add(100, "more");
    agenda.clear();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("runs due tasks when asked, before its timer", () => {
    const { agenda, add, done } = create();
    add(0, "now");
    add(5, "later");
    agenda.runDue();
    expect(done).toEqual(["now"]);
    vi.advanceTimersByTime(5);
    expect(done).toEqual(["now", "later"]);
  });

  it("runs tasks that are entered while it runs", () => {
    const { agenda, done } = create();
    agenda.add(performance.now() + 1, () => agenda.add(performance.now() + 1, () => done.push("second")));
    vi.advanceTimersByTime(2);
    expect(done).toEqual(["second"]);
  });

  it("reports when it is empty", async () => {
    const { agenda, add, done } = create();
    await agenda.empty;
    add(5, "last");
    const empty = agenda.empty.then(() => done.push("empty"));
    vi.advanceTimersByTime(5);
    await empty;
    expect(done).toEqual(["last", "empty"]);
  });

  it("forgets everything when it is cleared, and can be used again", () => {
    const { agenda, add, done } = create();
    add(5, "forgotten");
    agenda.clear();
    add(10, "new");
    vi.advanceTimersByTime(20);
    expect(done).toEqual(["new"]);
  });
});
