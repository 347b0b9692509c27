import { describe, expect, it } from "vitest";
import { fieldsFor, requestOf, sortIssues } from "../../../../src/service/page/browser/dispatch-fields.ts";
import { serviceApi, TOKEN } from "../../../support/service-api.ts";

const LIVE = fieldsFor("live");
const TEST = fieldsFor("test");

describe("the form for a new job", () => {
  it("leaves out what is empty, and nests what has a dot", () => {
    const typed = {
      ...{ meetingUrl: " discord://1/2 ", "discord.botToken": "a.b.c", externalId: "", joinAt: "" },
      ...{ "autoLeave.afterSoloSeconds": "30", "autoLeave.afterMaxSeconds": "soon", "recording.consent": "opt-in" },
    };
    expect(requestOf(LIVE, typed)).toEqual({
      ...{ meetingUrl: "discord://1/2", discord: { botToken: "a.b.c" }, recording: { consent: "opt-in" } },
      autoLeave: { afterSoloSeconds: 30, afterMaxSeconds: "soon" },
    });
    expect(requestOf(TEST, {})).toEqual({});
  });

  it("sends the viewer's time as one that everybody reads alike", () => {
    const { joinAt } = requestOf(TEST, { joinAt: "2026-12-01T10:30" });
    expect(joinAt).toBe(new Date(2026, 11, 1, 10, 30).toISOString());
  });

  it("asks a test key for no token", () => {
    expect(TEST.map(({ path }) => path)).not.toContain("discord.botToken");
    expect(LIVE.map(({ path }) => path)).not.toContain("sandbox.fixture");
    expect(LIVE.find(({ path }) => path === "discord.botToken")?.kind).toBe("password");
  });

  it("shows each of the service's own complaints at its field", async () => {
    const { ask } = await serviceApi();
    const typed = Object.fromEntries(LIVE.map(({ path }) => [path, "?"]));
    const { status, json } = await ask("POST", "/api/v1/jobs", { body: requestOf(LIVE, typed) });
    expect(status).toBe(400);
    const { ofFields, others } = sortIssues(LIVE, json.issues);
    expect(others).toEqual([]);
    expect(Object.keys(ofFields).sort()).toEqual(LIVE.map(({ path }) => path).sort());
  });

  it("shows a missing channel at the channel, and a token in the wrong field without repeating it", async () => {
    const { ask } = await serviceApi();
    const missing = await ask("POST", "/api/v1/jobs", { body: requestOf(LIVE, { "discord.botToken": TOKEN }) });
    expect(sortIssues(LIVE, missing.json.issues)).toMatchObject({ ofFields: { meetingUrl: expect.any(String) } });
    const wrong = await ask("POST", "/api/v1/jobs", { body: requestOf(LIVE, { meetingUrl: TOKEN }) });
    expect(wrong.text).not.toContain(TOKEN);
  });

  it("shows what it has no field for above all", () => {
    const issues = [
      { path: ["metadata"], message: "expected a JSON object" },
      { path: [], message: "expected a JSON object" },
    ];
    expect(sortIssues(TEST, issues)).toEqual({
      ...{ ofFields: {}, others: ["metadata: expected a JSON object", "expected a JSON object"] },
    });
  });
});
