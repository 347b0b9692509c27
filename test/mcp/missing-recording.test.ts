import { describe, expect, test, vi } from "vitest";
import { explain } from "../../src/mcp/failure.ts";
import { RECORDING_TOOLS } from "../../src/mcp/tools/recordings.ts";
import { MeetbotNotFoundError } from "../../src/sdk/errors.ts";
import { createMeetbot } from "../../src/sdk/index.ts";

const missing = new MeetbotNotFoundError({
  ...{ status: 404, code: "not_found", message: "no", issues: [], retryAfterSeconds: undefined, body: {} },
});

/** What get_recording says if the job has this status; undefined if there is no such job. */
async function said(status: string | undefined): Promise<string> {
  const meetbot = createMeetbot({ apiKey: `mb_test_${"0".repeat(40)}`, baseUrl: "http://127.0.0.1:9" });
  vi.spyOn(meetbot, "getRecording").mockRejectedValue(missing);
  const getJob = vi.spyOn(meetbot, "getJob");
  if (status === undefined) getJob.mockRejectedValue(missing);
  else getJob.mockResolvedValue({ status } as never);
  const tool = RECORDING_TOOLS.find(({ name }) => name === "get_recording");
  const context = { meetbot, isTestKey: true, botToken: undefined, webhookSecret: undefined };
  const error = await tool?.call(context, { id: "job_1" }, new AbortController().signal).catch((e: unknown) => e);
  return explain(error);
}

describe("get_recording without a recording", () => {
  test.each(["queued", "recording"])("says to wait while the job is %s", async (status) => {
    const text = await said(status);
    expect(text).toMatch(new RegExp(`is not there yet: the job is ${status}.*Wait until`));
    expect(text).not.toContain("right id");
  });

  test("says that a job that failed has none", async () => {
    expect(await said("failed")).toContain("Job job_1 is failed and has no recording.");
  });

  test("says how to find the id if there is no such job", async () => {
    expect(await said(undefined)).toContain("to find the right id");
  });
});
