import { describe, expect, it } from "vitest";
import {
  type PanelCall,
  panelButtonId,
  panelOf,
  pressedOf,
} from "../../../../src/service/resident/domain/panel-state.ts";
import { NOTICE_LANGUAGES } from "../../../../src/session/notice-texts.ts";

const CALL: PanelCall = {
  ...{ jobId: "job_1", language: "en", title: "Weekly", voiceChannelId: "200000000000000001" },
  ...{ startedBy: "600000000000000001", status: "recording", paused: false, stopped: false },
  ...{ startedAt: 1_764_532_800_000, durationSeconds: null, end: null, speakerIds: [], notes: 2, link: null },
  notice: { consent: "opt-out", withChat: false },
};
const labels = (call: PanelCall) => panelOf(call).rows.map((row) => row.map(({ label }) => label));

describe("a panel", () => {
  it("is one message with notice, state, and buttons of both resident and worker", () => {
    const { text, rows } = panelOf(CALL);
    expect(text).toContain("🔴 This voice channel is being recorded. If you do not want to be recorded");
    expect(text).toContain("**🔴 Recording: Weekly** in <#200000000000000001>");
    expect(text).toContain("Started by <@600000000000000001>. Since <t:1764532800:t>. 2 notes.");
    expect(rows.map((row) => row.map((button) => ("id" in button ? button.id : button.url)))).toEqual([
      ["record:stop:job_1", "record:pause:job_1", "record:note:job_1"],
      ["allow:job_1", "decline:job_1"],
    ]);
  });

  it("shows a title as text: it formats nothing, mentions nobody, and hides no address behind a word", () => {
    const { text } = panelOf({ ...CALL, title: "**[Prize](https://example.org)** @everyone <@1>" });
    expect(text).toContain("Recording: \\*\\*\\[Prize\\]\\(https\\://example.org\\)\\*\\* \\@everyone \\<\\@1\\>**");
  });

  it("has no notice of its own if the worker posts one", () => {
    expect(panelOf({ ...CALL, notice: null }).text).not.toContain("is being recorded");
    expect(labels({ ...CALL, notice: null })).toEqual([["Stop", "Pause", "Add a note"]]);
  });

  it("offers what can be done now", () => {
    expect(labels({ ...CALL, paused: true })[0]).toEqual(["Stop", "Resume", "Add a note"]);
    expect(labels({ ...CALL, status: "joining" })[0]).toEqual(["Stop"]);
    expect(labels({ ...CALL, status: "finalizing" })).toEqual([]);
    expect(labels({ ...CALL, notice: { consent: "none", withChat: false } })).toHaveLength(1);
  });

  it("ends with how long it was, who was heard, and the link", () => {
    const speakerIds = Array.from({ length: 22 }, (_, number) => String(600_000_000_000_000_000n + BigInt(number)));
    const link = { url: "https://record.example.org/s/abc", expiresAt: 1_764_619_200_000 };
    const { text, rows } = panelOf({
      ...CALL,
      status: "completed",
      durationSeconds: 3_723,
      end: "Everybody had left the call.",
      speakerIds,
      link,
    });
    expect(text).toContain("It lasted 1:02:03. Heard: <@600000000000000000>");
    expect(text).toContain("and 2 more.");
    expect(text).toContain("Everybody had left the call.\nThe link works until <t:1764619200:f>.");
    expect(rows).toEqual([[{ url: link.url, label: "Open the recording" }]]);
  });

  it("fits into a message in every language", () => {
    for (const language of NOTICE_LANGUAGES) {
      const { text, rows } = panelOf({
        ...CALL,
        language,
        title: "x".repeat(100),
        notice: { consent: "opt-in", withChat: true },
      });
      expect(text.length).toBeLessThanOrEqual(2_000);
      for (const { label } of rows.flat()) expect(label.length).toBeLessThanOrEqual(80);
    }
  });

  it("knows its own buttons, whatever the job's id is, and no others", () => {
    expect(pressedOf(panelButtonId("pause", "a:b"))).toEqual({ action: "pause", jobId: "a:b" });
    for (const id of ["allow:job_1", "record:consent:allow", "record", ""]) expect(pressedOf(id)).toBeUndefined();
  });
});
