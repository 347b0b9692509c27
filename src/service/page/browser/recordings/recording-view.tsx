import { sizeInWords } from "../../../../report/browser/format.ts";
import { Pages, usePaging } from "../paging.tsx";
import { Fact, Problem, Section, Stranger, Time, Title } from "../parts.tsx";
import { useLoad } from "../session.ts";
import { secondsInWords, titleOf } from "../words.ts";
import { addressOf, contentsOf, type Recording, storageOf } from "./contents.ts";
import { DeleteButton } from "./delete-button.tsx";
import { ReportLink } from "./recordings-view.tsx";

/** A call of many parts has thousands of files. */
const PAGE = 100;

/** One recording: its report and its files. */
export function RecordingView({ id }: { readonly id: string }) {
  const paging = usePaging();
  const { data, failure } = useLoad<Recording>(`api/v1/recordings/${id}?limit=${PAGE}${paging.query}`);
  const title = data === undefined ? "Recording" : titleOf(data);
  return (
    <main>
      <p class="back">
        <a href="#/recordings">All recordings</a>
      </p>
      <Title name={title}>
        <Stranger text={title} />
      </Title>
      <Problem failure={failure} />
      {data === undefined ? null : <Contents recording={data} title={title} />}
      <Pages paging={paging} next={data?.nextCursor} />
    </main>
  );
}

function Contents({ recording, title }: { readonly recording: Recording; readonly title: string }) {
  const { id, files, durationSeconds, startedAt, retentionUntil } = recording;
  const { people, bytes, channel } = contentsOf(recording);
  return (
    <>
      <section class="padded" aria-label="Recording">
        <dl>
          {channel === undefined ? null : (
            <Fact name="Channel">
              <Stranger text={channel} />
            </Fact>
          )}
          {startedAt === null ? null : (
            <Fact name="Recorded at">
              <Time at={startedAt} />
            </Fact>
          )}
          {durationSeconds === null ? null : <Fact name="Length">{secondsInWords(durationSeconds)}</Fact>}
          <Fact name="Size">{sizeInWords(bytes)}</Fact>
          <Fact name="Storage">
            <Stranger text={storageOf(recording)} />
          </Fact>
          <Fact name="Kept">
            {retentionUntil === null ? (
              "until somebody deletes it"
            ) : (
              <>
                until <Time at={retentionUntil} />
              </>
            )}
          </Fact>
          <Fact name="Job">
            <a href={`#/jobs/${id}`}>Look at the job</a>
          </Fact>
        </dl>
        <p class="buttons">
          <ReportLink id={id} title={title} />
          <DeleteButton
            id={id}
            title={title}
            onDeleted={() => {
              window.location.hash = "#/recordings";
            }}
          />
        </p>
      </section>
      <Section title="People">
        {people.length === 0 ? (
          <p class="note">Nobody was there.</p>
        ) : (
          <ul class="people">
            {people.map((name, index) => (
              <li key={`${index} ${name}`}>
                <Stranger text={name} />
              </li>
            ))}
          </ul>
        )}
      </Section>
      <Section title="Files">
        <ul class="files">
          {files.map((file) => (
            <li key={file.name}>
              <a href={addressOf(id, file)} download={file.name.slice(file.name.lastIndexOf("/") + 1)} rel="noopener">
                <Stranger text={file.name} />
              </a>
              <span class="note"> {sizeInWords(file.bytes)}</span>
            </li>
          ))}
        </ul>
      </Section>
    </>
  );
}
