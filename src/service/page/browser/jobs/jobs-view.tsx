import { useState } from "preact/hooks";
import type { PageJob, PageJobs } from "../../page-data.ts";
import type { SeenLive } from "../feed.ts";
import { Pages, usePaging } from "../paging.tsx";
import { Problem, Stranger, Time, Title } from "../parts.tsx";
import { useFeed, useLoad } from "../session.ts";
import { endWords, isOver, secondsInWords, stateWords, statusName, titleOf } from "../words.ts";
import { currentJobs, type Show } from "./job-list.ts";
import { Countdowns, Elapsed, Here, liveOf, Warnings } from "./live.tsx";
import { Verbs } from "./verbs.tsx";

const PAGE = 25;

const STATUSES = [
  ...["scheduled", "queued", "joining", "in_call", "recording"],
  ...["finalizing", "completed", "failed", "cancelled"],
] as readonly PageJob["status"][];

/** All jobs of the key, newest first, as they change. */
export function JobsView() {
  const [show, setShow] = useState<Show>("all");
  const paging = usePaging();
  const { data, failure } = useLoad<PageJobs>(`page/jobs?limit=${PAGE}&show=${show}${paging.query}`);
  const { jobs: changed, lives } = useFeed();
  const jobs = data === undefined ? [] : currentJobs(data.data, changed, { show, isFirst: paging.isFirst });

  return (
    <main>
      <div class="bar">
        <Title name="Jobs" />
        <p class="tools">
          <label for="show">Show</label>
          <select
            id="show"
            value={show}
            onChange={({ currentTarget }) => {
              setShow(currentTarget.value as Show);
              paging.restart();
            }}
          >
            <option value="all">all jobs</option>
            <option value="live">live jobs</option>
            {STATUSES.map((status) => (
              <option key={status} value={status}>
                {statusName(status).toLowerCase()}
              </option>
            ))}
          </select>
          <a class="button main" href="#/new">
            New job
          </a>
        </p>
      </div>
      <Problem failure={failure} />
      {data !== undefined && jobs.length === 0 ? <Empty show={show} /> : null}
      <ul ref={paging.list} class="cards" aria-label="Jobs">
        {jobs.map((job) => (
          <JobCard key={job.id} job={job} seen={liveOf(job, lives)} />
        ))}
      </ul>
      <Pages paging={paging} next={data?.nextCursor} />
    </main>
  );
}

function Empty({ show }: { readonly show: Show }) {
  return (
    <section class="padded">
      {show === "all" ? (
        <p>
          There are no jobs yet. <a href="#/new">Dispatch the first one</a>, or use the API.
        </p>
      ) : (
        <p>There are no such jobs.</p>
      )}
    </section>
  );
}

export function State({ job }: { readonly job: PageJob }) {
  return <span class={`state ${job.paused ? "paused" : job.status}`}>{stateWords(job)}</span>;
}

/** The others are in the view of the job. To leave is to cancel before a worker runs. */
function verbsInList({ status, paused }: PageJob): readonly ("pause" | "resume" | "leave" | "cancel")[] {
  if (status === "scheduled" || status === "queued") return ["cancel"];
  return [paused ? "resume" : "pause", "leave", "cancel"];
}

function JobCard({ job, seen }: { readonly job: PageJob; readonly seen: SeenLive | undefined }) {
  const end = endWords(job);
  const live = seen?.live;
  return (
    <li>
      <article class="card" aria-label={titleOf(job)}>
        <div class="bar">
          <h2>
            <a href={`#/jobs/${job.id}`}>
              <Stranger text={titleOf(job)} />
            </a>
          </h2>
          <p class="now">
            <Elapsed job={job} seen={seen} /> <State job={job} />
          </p>
        </div>
        <p class="note">
          {live?.channel == null ? job.meetingUrl : <Stranger text={live.channel.name} />}
          {" · "}
          <Time at={job.startedAt ?? job.joinAt} />
          {job.durationSeconds === null || job.durationSeconds === 0 ? "" : ` · ${secondsInWords(job.durationSeconds)}`}
        </p>
        {live == null ? null : <Here people={live.participants} />}
        {seen === undefined ? null : <Countdowns seen={seen} most={1} />}
        {seen === undefined ? null : <Warnings seen={seen} most={2} />}
        {end === undefined ? null : (
          <p class={job.status === "failed" ? "failure" : "note"}>
            <Stranger text={end} />
          </p>
        )}
        {isOver(job) ? null : <Verbs job={job} verbs={verbsInList(job)} />}
      </article>
    </li>
  );
}
