import { EXIT_CODES, EXIT_REASONS, FAILURES } from "../../src/session/exit.ts";
import { markdownTable } from "./markdown-table.ts";

export function exitReasonsTable(): string {
  return markdownTable(
    ["`exitReason`", "meaning", "`failureCode`"],
    Object.entries(EXIT_REASONS).map(([reason, { meaning, failureCode }]) => [
      `\`${reason}\``,
      meaning,
      failureCode === null ? "" : `\`${failureCode}\``,
    ]),
  );
}

export function failuresTable(): string {
  return markdownTable(
    ["failure code", "meaning", "whose fault", "retry", "exit code"],
    Object.entries(FAILURES).map(([code, { meaning, fault, retryable, exitCode }]) => [
      `\`${code}\``,
      meaning,
      fault,
      retryable ? "yes" : "no",
      String(exitCode),
    ]),
  );
}

export function exitCodesTable(): string {
  return markdownTable(["exit code", "meaning"], Object.entries(EXIT_CODES));
}
