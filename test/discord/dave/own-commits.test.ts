import { expect, it } from "vitest";
import { OwnCommits } from "../../../src/discord/dave/own-commits.ts";

type Answers = Parameters<OwnCommits["answer"]>[0];
const [APPEND, REVOKE] = [0, 1];

/** A message of proposals: the kind, then a text that decides the fake session's answer. */
const proposals = (kind: number, text: string) => Buffer.concat([Buffer.of(kind), Buffer.from(text)]);

/** Commits any proposals, with a Welcome only if the last message adds somebody, like davey. */
function fakeSession() {
  const processed: [number, string, readonly string[] | null | undefined][] = [];
  const session: Answers = {
    processProposals: (kind, message, recognized) => {
      const text = message.toString();
      processed.push([kind, text, recognized]);
      if (text === "nothing") return {};
      return { commit: Buffer.from(`commit(${text})`), ...(text === "add" ? { welcome: Buffer.from("welcome") } : {}) };
    },
  };
  return { session, processed };
}

function answers(...messages: readonly Buffer[]) {
  const { session, processed } = fakeSession();
  const own = new OwnCommits();
  const given = messages.map((message) => own.answer(session, message, ["1"])?.toString());
  return { own, session, processed, given };
}

it("answers with the commit, and with the Welcome for those who are added", () => {
  const { given, processed } = answers(
    proposals(APPEND, "remove"),
    proposals(APPEND, "add"),
    proposals(APPEND, "nothing"),
  );
  expect(given).toEqual(["commit(remove)", "commit(add)welcome", undefined]);
  expect(processed.map(([kind, text]) => [kind, text])).toEqual([
    [APPEND, "remove"],
    [APPEND, "add"],
    [APPEND, "nothing"],
  ]);
  expect(processed[0]?.[2]).toEqual(["1"]);
});

it("gives davey a message that adds somebody back after one that removes them, for the Welcome", () => {
  const { given } = answers(proposals(APPEND, "add"), proposals(APPEND, "remove"));
  expect(given).toEqual(["commit(add)welcome", "commit(add)welcome"]);
});

it("does not give davey the addition again if it may be revoked, or if its epoch is over", () => {
  expect(answers(proposals(APPEND, "add"), proposals(REVOKE, "add"), proposals(APPEND, "remove")).given).toEqual([
    "commit(add)welcome",
    "commit(add)welcome",
    "commit(remove)",
  ]);
  const { own, session } = answers(proposals(APPEND, "add"));
  own.forget();
  expect(own.answer(session, proposals(APPEND, "remove"), [])?.toString()).toBe("commit(remove)");
});

it("refuses proposals of an unknown kind before davey gets them", () => {
  const { session, processed } = fakeSession();
  expect(() => new OwnCommits().answer(session, proposals(2, "add"), [])).toThrow("proposals of an unknown kind, 2");
  expect(processed).toEqual([]);
});
