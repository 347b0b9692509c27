import type { PageJob } from "../../page-data.ts";
import { Fact, Problem, Section, Stranger, Time, Title } from "../parts.tsx";
import { useFeed, useLoad } from "../session.ts";
import { endWords, isOver, secondsInWords, titleOf } from "../words.ts";
import { Deliveries } from "./deliveries.tsx";
import { State } from "./jobs-view.tsx";
import { Countdowns, Elapsed, liveOf, People, Warnings } from "./live.tsx";
import { MessageForm } from "./message-form.tsx";
import { Verbs } from "./verbs.tsx";

/** One job: its state, what it can be asked for, who is there, and what was delivered. */
export function JobView({ id }: { readonly id: string }) {
  const { data, failure } = useLoad<PageJob>(`page/jobs/${id}`);
  const { jobs, lives } = useFeed();
  const changed = jobs.get(id);
  const job = changed !== undefined && (data === undefined || changed.updatedAt >= data.updatedAt) ? changed : data;
  if (job === undefined) {
    return (
      <main>
        <Title name="Job" />
        <Problem failure={failure} />
      </main>
    );
  }
  const seen = liveOf(job, lives);
  const end = endWords(job);
  return (
    <main>
      <p class="back">
        <a href="#/jobs">All jobs</a>
      </p>
      <div class="bar">
        <Title name={titleOf(job)}>
          <Stranger text={titleOf(job)} />
        </Title>
        <p class="now">
          <Elapsed job={job} seen={seen} /> <State job={job} />
        </p>
      </div>
      <Problem failure={failure} />
      <section class="padded" aria-label="State">
        {end === undefined ? null : (
          <p class={job.status === "failed" ? "failure" : "end"}>
            <Stranger text={end} />
            {job.failureCode === null ? null : <code> {job.failureCode}</code>}
          </p>
        )}
        {seen === undefined ? null : <Countdowns seen={seen} most={10} />}
        {seen === undefined ? null : <Warnings seen={seen} most={20} />}
        {job.warnings.length === 0 ? null : (
          <ul class="warnings" aria-label="Warnings of the request">
            {job.warnings.map((warning) => (
              <li key={warning}>
                <Stranger text={warning} />
              </li>
            ))}
          </ul>
        )}
        {isOver(job) ? null : (
          <Verbs job={job} verbs={[job.paused ? "resume" : "pause", "stop", "permission", "leave", "cancel"]} />
        )}
        <Facts job={job} channel={seen?.live?.channel?.name} />
      </section>
      {seen?.live == null ? null : (
        <Section title="People">
          <People people={seen.live.participants} />
        </Section>
      )}
      {isOver(job) ? null : (
        <section class="padded" aria-label="Chat">
          <MessageForm job={job} />
        </section>
      )}
      <Deliveries job={job} />
    </main>
  );
}

function Facts({ job, channel }: { readonly job: PageJob; readonly channel: string | undefined }) {
  return (
    <dl>
      <Fact name="Channel">{channel === undefined ? job.meetingUrl : <Stranger text={channel} />}</Fact>
      <Fact name={job.startedAt === null ? "Joins" : "Recording since"}>
        <Time at={job.startedAt ?? job.joinAt} />
      </Fact>
      {job.endedAt === null ? null : (
        <Fact name="Ended">
          <Time at={job.endedAt} />
        </Fact>
      )}
      {job.durationSeconds === null ? null : <Fact name="Recorded">{secondsInWords(job.durationSeconds)}</Fact>}
      <Fact name="Job">
        <code>{job.id}</code>
      </Fact>
      <Fact name="Workers started">{job.attempt}</Fact>
      {job.manifestUri === null ? null : (
        <Fact name="Recording">
          {job.recordingDeletedAt === null ? (
            <a href={`#/recordings/${job.id}`}>Look at the recording</a>
          ) : (
            <>
              deleted at <Time at={job.recordingDeletedAt} />
            </>
          )}
        </Fact>
      )}
    </dl>
  );
}
