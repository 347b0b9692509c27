import type { PageJob } from "../../page-data.ts";
import { isOver } from "../words.ts";

/** What the filter of the list can show: everything, live jobs, or one status. */
export type Show = "all" | "live" | PageJob["status"];

export function matches(job: Pick<PageJob, "status">, show: Show): boolean {
  if (show === "all") return true;
  return show === "live" ? job.status !== "scheduled" && !isOver(job) : job.status === show;
}

/**
 * A page of the list as it is now: the loaded jobs in their newest state, and on the first page jobs that came since. A
 * job that no longer matches stays until the list is loaded again, so that nothing goes while somebody looks at it.
 *
 * @param changed what the feed has sent, by id
 */
export function currentJobs(
  loaded: readonly PageJob[],
  changed: ReadonlyMap<string, PageJob>,
  { show, isFirst }: { readonly show: Show; readonly isFirst: boolean },
): PageJob[] {
  const jobs = new Map(loaded.map((job) => [job.id, job]));
  for (const [id, job] of changed) {
    const known = jobs.get(id);
    if (known === undefined ? isFirst && matches(job, show) : job.updatedAt >= known.updatedAt) jobs.set(id, job);
  }
  // Ids sort by their time.
  return [...jobs.values()].sort((left, right) => (left.id < right.id ? 1 : -1));
}
