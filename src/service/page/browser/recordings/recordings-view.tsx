import { useEffect, useState } from "preact/hooks";
import { sizeInWords } from "../../../../report/browser/format.ts";
import type { RecordingSummary } from "../../page-data.ts";
import { type Failure, failureWords } from "../outcome.ts";
import { Pages, usePaging } from "../paging.tsx";
import { Names, Problem, Stranger, Time, Title } from "../parts.tsx";
import { useLoad, useSession } from "../session.ts";
import { secondsInWords, titleOf } from "../words.ts";
import { type Contents, contentsOf, type Recording, storageOf } from "./contents.ts";
import { DeleteButton } from "./delete-button.tsx";
import { LoadQueue } from "./load-queue.ts";

const PAGE = 25;

/** Each row's manifest is in the storage. */
const queue = new LoadQueue(2);

interface RecordingPage {
  readonly data: readonly RecordingSummary[];
  readonly nextCursor: string | null;
}

/** Everything that is stored, newest first. */
export function RecordingsView() {
  const paging = usePaging();
  const { data, failure, reload } = useLoad<RecordingPage>(`api/v1/recordings?limit=${PAGE}${paging.query}`);
  return (
    <main>
      <Title name="Recordings" />
      <Problem failure={failure} />
      {data?.data.length === 0 ? (
        <section class="padded">
          <p>There are no recordings yet.</p>
        </section>
      ) : null}
      <ul ref={paging.list} class="cards" aria-label="Recordings">
        {data?.data.map((recording) => (
          <RecordingCard key={recording.id} recording={recording} onDeleted={reload} />
        ))}
      </ul>
      <Pages paging={paging} next={data?.nextCursor} />
    </main>
  );
}

function RecordingCard({
  recording,
  onDeleted,
}: {
  readonly recording: RecordingSummary;
  readonly onDeleted: () => void;
}) {
  const { ask } = useSession();
  const { id } = recording;
  const [contents, setContents] = useState<Contents>();
  const [failure, setFailure] = useState<Failure>();
  useEffect(() => {
    let isShown = true;
    void queue.run(async () => {
      if (!isShown) return;
      const outcome = await ask<Recording>("GET", `api/v1/recordings/${id}?limit=1`);
      if (outcome.kind === "ok") setContents(contentsOf(outcome.body));
      else setFailure(outcome);
    });
    return () => {
      isShown = false;
    };
  }, [ask, id]);
  const title = titleOf(recording);
  const people = contents?.people ?? [];
  return (
    <li>
      <article class="card" aria-label={title}>
        <div class="bar">
          <h2>
            <a href={`#/recordings/${id}`}>
              <Stranger text={title} />
            </a>
          </h2>
          <p class="now">
            {recording.durationSeconds === null ? "" : secondsInWords(recording.durationSeconds)}
            {contents === undefined ? "" : ` · ${sizeInWords(contents.bytes)}`}
          </p>
        </div>
        <p class="note">
          {contents?.channel === undefined ? null : (
            <>
              <Stranger text={contents.channel} />
              {" · "}
            </>
          )}
          {recording.startedAt === null ? null : <Time at={recording.startedAt} />}
          {" · "}
          <Stranger text={storageOf(recording)} />
        </p>
        {people.length === 0 ? null : (
          <p class="here">
            <Names names={people} />
          </p>
        )}
        {failure === undefined ? null : <p class="failure">{failureWords(failure)}</p>}
        <p class="buttons">
          <ReportLink id={id} title={title} />
          <a class="button" href={`#/recordings/${id}`} aria-label={`Files of ${title}`}>
            Files
          </a>
          <DeleteButton id={id} title={title} onDeleted={onDeleted} />
        </p>
      </article>
    </li>
  );
}

/** The report takes seconds to make, so it opens next to this page. */
export function ReportLink({ id, title }: { readonly id: string; readonly title: string }) {
  return (
    <a
      class="button main"
      href={`page/recordings/${id}/report`}
      target="_blank"
      rel="noopener"
      aria-label={`Open report of ${title} in a new tab`}
    >
      Open report
    </a>
  );
}
