import { describe, expect, it } from "vitest";
import { currentJobs, type Show } from "../../../../../src/service/page/browser/jobs/job-list.ts";
import type { PageJob } from "../../../../../src/service/page/page-data.ts";

const job = (id: string, updatedAt = 1, status: PageJob["status"] = "recording"): PageJob =>
  ({ id, status, updatedAt: new Date(updatedAt).toISOString() }) as PageJob;

function listed(loaded: readonly PageJob[], changed: readonly PageJob[], show: Show = "all", isFirst = true) {
  const jobs = currentJobs(loaded, new Map(changed.map((each) => [each.id, each])), { show, isFirst });
  return jobs.map(({ id, status }) => `${id} ${status}`);
}

describe("the list of jobs", () => {
  it("has each job in its newest state, whichever came first", () => {
    expect(listed([job("b"), job("a", 5)], [job("b", 2, "completed"), job("a", 4, "joining")])).toEqual([
      ...["b completed", "a recording"],
    ]);
  });

  it("shows a new job at the top of the first page, and only there", () => {
    expect(listed([job("b")], [job("c")])).toEqual(["c recording", "b recording"]);
    expect(listed([job("b")], [job("c")], "all", false)).toEqual(["b recording"]);
  });

  it("adds only what the filter shows, and takes nothing away while somebody looks", () => {
    expect(listed([], [job("a"), job("b", 1, "completed"), job("c", 1, "scheduled")], "live")).toEqual(["a recording"]);
    expect(listed([], [job("a"), job("b", 1, "completed")], "completed")).toEqual(["b completed"]);
    expect(listed([job("a")], [job("a", 2, "completed")], "live")).toEqual(["a completed"]);
  });
});
