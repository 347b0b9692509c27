import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type EndedCall, endMessage } from "../../../../src/service/resident/domain/end-message.ts";

const LINK = { url: "https://example.org/s/token", expiresAt: 1_800_000_000_000, mayDelete: true };
const CALL: EndedCall = {
  voiceChannelId: "381870553235193857",
  title: null,
  failure: null,
  recording: { durationSeconds: 2_530.4, speakers: ["Ada", "Zoë"], warnings: [] },
  link: LINK,
};

describe("the message at the end of a call", () => {
  it("says how long it was, who was heard, and where the recording is", () => {
    expect(endMessage(CALL)).toBe(
      [
        "The recording of <#381870553235193857> is ready: 42 min 10 s, 2 speakers (Ada, Zoë).",
        "<https://example.org/s/token>",
        "The link works until <t:1800000000:f>. Whoever has it can listen, download and delete it.",
      ].join("\n"),
    );
  });

  it("names the call as its starter did, and says who may not delete it", () => {
    const text = endMessage({ ...CALL, title: "Stand-up", link: { ...LINK, mayDelete: false } });
    expect(text).toMatch(/^The recording of \*\*Stand\\-up\*\* in <#381870553235193857> is ready/);
    expect(text).toMatch(/Whoever has it can listen and download it\.$/);
  });

  it("says why a recording is incomplete, and shows the first warnings", () => {
    const warnings = ["one", "two", "three", "four", "five"];
    const text = endMessage({
      ...CALL,
      failure: { code: "network_loss", detail: "Discord could not be reached for 5 minutes." },
      recording: { durationSeconds: 9, speakers: ["Ada"], warnings },
    });
    expect(text.split("\n")[0]).toBe(
      "The recording of <#381870553235193857> is ready: 9 s, 1 speaker (Ada). It ended early: Discord could not be reached for 5 minutes.",
    );
    expect(text.split("\n").slice(3)).toEqual(["⚠️ one", "⚠️ two", "⚠️ three", "2 more warnings are in the report."]);
  });

  it("says that nobody was heard, and why nothing was recorded", () => {
    const empty = { durationSeconds: 7_260, speakers: [], warnings: [] };
    expect(endMessage({ ...CALL, recording: empty })).toContain("is ready: 2 h 1 min, and nobody was heard.");
    const failure = { code: "host_denied_admission", detail: "the channel is full" } as const;
    expect(endMessage({ ...CALL, recording: null, link: null, failure })).toBe(
      "<#381870553235193857> was not recorded. The reason: the channel is full.",
    );
  });

  it("lets no name format it or mention anybody", () => {
    const speakers = ["@everyone", "<@80351110224678912>", "**bold**", "[x](https://evil.example)", "a\nb"];
    const [first = ""] = endMessage({ ...CALL, recording: { durationSeconds: 1, speakers, warnings: [] } }).split("\n");
    expect(first).toContain("\\@everyone, \\<\\@80351110224678912\\>, \\*\\*bold\\*\\*");
    expect(first).toContain("\\[x\\]\\(https\\://evil.example\\), a b");
  });

  it("fits into one message of Discord, and keeps its link, whatever the names and warnings", () => {
    const text = fc.string({ unit: "binary", maxLength: 400 });
    const recording = fc.record({
      durationSeconds: fc.double({ min: 0, max: 1e6, noNaN: true }),
      speakers: fc.array(text, { maxLength: 30 }),
      warnings: fc.array(text, { maxLength: 8 }),
    });
    const failure = fc.option(fc.record({ code: fc.constant("network_loss" as const), detail: text }));
    fc.assert(
      fc.property(recording, fc.option(text), failure, (recorded, title, failed) => {
        const message = endMessage({ ...CALL, title, failure: failed, recording: recorded });
        expect(message.length).toBeLessThanOrEqual(2_000);
        expect(message).toContain(`<${LINK.url}>`);
      }),
    );
  });
});
