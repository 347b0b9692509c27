import { expect, test } from "vitest";
import { afterStop, EXIT_CODES, EXIT_REASONS, endSentence, FAILURES } from "../../src/session/exit.ts";
import { exitCodesTable, exitReasonsTable, failuresTable } from "../../tools/reference/exit-reasons.ts";

test("The failure code of an exit reason is one of the failure codes.", () => {
  const codes = Object.values(EXIT_REASONS).flatMap(({ failureCode }) => failureCode ?? []);
  expect(codes.length).toBeGreaterThan(0);
  expect(Object.keys(FAILURES)).toEqual(expect.arrayContaining(codes));
});

test("Each failure exits with a documented code, and never with the code of success.", () => {
  for (const { exitCode } of Object.values(FAILURES)) {
    expect(Object.keys(EXIT_CODES)).toContain(String(exitCode));
    expect(exitCode).not.toBe(0);
  }
});

test("Only a refused token exits with 3, so an orchestrator does not retry.", () => {
  const refused = Object.entries(FAILURES).filter(([, { exitCode }]) => exitCode === 3);
  expect(refused).toEqual([["auth_failure", expect.objectContaining({ fault: "customer", retryable: false })]]);
});

test("A problem that the customer must fix is not worth a retry.", () => {
  for (const { fault, retryable } of Object.values(FAILURES)) expect(fault === "customer" && retryable).toBe(false);
});

test("An end is one sentence: its detail, or the reason's default sentence.", () => {
  const detail = "the last person left and nobody came back within 60 s";
  expect(endSentence({ exitReason: "alone_in_room", detail })).toBe(
    "The last person left and nobody came back within 60 s.",
  );
  expect(endSentence({ exitReason: "alone_in_room", detail: " " })).toBe("Everybody had left the call.");
  expect(endSentence({ exitReason: "shutdown", detail: "Bye!" })).toBe("Bye!");
  expect(endSentence({ exitReason: "network_loss", detail: "lost for 4.5 s" })).toBe("Lost for 4.5 s.");
});

test("The tables name the failure codes of each reason, and say which failures are worth a retry.", () => {
  expect(exitReasonsTable()).toContain("| no person ever joined (entry delay) | `lobby_timeout` |");
  expect(exitReasonsTable()).toContain("| the job was deleted |  |");
  expect(failuresTable()).toContain("| the worker failed because of an internal error | ours | yes | 2 |");
  expect(failuresTable()).toContain("| the channel or server is gone | customer | no | 2 |");
});

test("The tables have one row for each entry, with as many columns as their headers.", () => {
  for (const [table, entries] of [
    [exitReasonsTable(), EXIT_REASONS],
    [failuresTable(), FAILURES],
    [exitCodesTable(), EXIT_CODES],
  ] as const) {
    const [head = "", line = "", ...rows] = table.split("\n");
    const columns = head.split("|").length;
    expect(line.split("|")).toHaveLength(columns);
    expect(rows).toHaveLength(Object.keys(entries).length);
    for (const [index, key] of Object.keys(entries).entries()) {
      expect(rows[index]?.split("|")).toHaveLength(columns);
      expect(rows[index]).toContain(key);
    }
  }
});

test("A request to stop is the reason of an end, unless something failed later.", () => {
  expect(afterStop({ exitReason: "alone_in_room", detail: "everybody left" })).toEqual({
    exitReason: "stop_requested",
    detail: "recording was stopped by request; the bot left later: everybody left",
  });
  const lost = { exitReason: "network_loss", detail: "gone" } as const;
  expect(afterStop(lost)).toBe(lost);
});
