import { useEffect, useState } from "preact/hooks";
import type { LinkData, LinkDownloads, LinkRecording } from "../../../shared-link/link-data.ts";
import { request } from "../http.ts";
import { type Failure, failureWords } from "../outcome.ts";
import { Fact, Names, Problem, Stranger, Time } from "../parts.tsx";
import { secondsInWords } from "../words.ts";
import { DeleteRecording } from "./delete-recording.tsx";
import { announcementOf, isUnderWay, type Kind, LISTED, WORDS } from "./download-words.ts";
import { Download, Report } from "./downloads.tsx";

const LOOK_AGAIN_MS = 1_000;
const NOTHING = { state: "none" } as const;
const NONE: LinkDownloads = { report: NOTHING, mix: NOTHING, speakers: NOTHING, audacity: NOTHING, captions: NOTHING };

/** The page of a link to one recording. @param base the link's own path, without a slash at the end */
export function LinkPage({ base }: { readonly base: string }) {
  const [data, setData] = useState<LinkData>();
  const [failure, setFailure] = useState<Failure>();
  const [isDeleted, setDeleted] = useState(false);

  useEffect(() => {
    void request<LinkData>("GET", `${base}/recording`).then((outcome) => {
      if (outcome.kind === "ok") setData(outcome.body);
      else setFailure(outcome);
    });
  }, [base]);

  if (isDeleted) {
    return (
      <main class="plain">
        <h1 tabIndex={-1}>The recording is deleted</h1>
        <p>This link opens nothing any more, and neither do other links to it.</p>
      </main>
    );
  }
  return (
    <main>
      <Problem failure={failure} />
      {data?.recording === null ? (
        <>
          <h1>There is no recording</h1>
          <p>{data.whyNone}</p>
        </>
      ) : null}
      {data === undefined || data.recording === null ? null : (
        <>
          <Head recording={data.recording} />
          <Made base={base} />
          <p class="note">
            This link works until <Time at={data.expiresAt} />. Whoever has it can listen.
          </p>
          {data.mayDelete ? <DeleteRecording base={base} onDeleted={() => setDeleted(true)} /> : null}
        </>
      )}
    </main>
  );
}

function Head({ recording }: { readonly recording: LinkRecording }) {
  const { channel, guild, startedAt, durationSeconds, speakers, warnings } = recording;
  useEffect(() => {
    document.title = `${channel}, ${guild}`;
  }, [channel, guild]);
  return (
    <>
      <h1>
        <Stranger text={channel} />
      </h1>
      <section class="padded" aria-label="Recording">
        <dl>
          <Fact name="Server">
            <Stranger text={guild} />
          </Fact>
          <Fact name="Recorded at">
            <Time at={startedAt} />
          </Fact>
          <Fact name="Length">{secondsInWords(durationSeconds)}</Fact>
          <Fact name="Speakers">{speakers.length === 0 ? "nobody was heard" : <Names names={speakers} />}</Fact>
        </dl>
        {warnings.map((text) => (
          <p class="problem" key={text}>
            <Stranger text={text} />
          </p>
        ))}
      </section>
    </>
  );
}

/** What is made of the recording. The report is made without a click, because most people want to listen. */
function Made({ base }: { readonly base: string }) {
  const [states, setStates] = useState(NONE);
  const [problem, setProblem] = useState<string>();
  const [said, setSaid] = useState("");

  const show = (next: LinkDownloads): void => {
    setStates((before) => {
      const changes = LISTED.map((kind) => announcementOf(WORDS[kind].title, before[kind], next[kind]));
      const report = announcementOf("Report", before.report, next.report);
      const words = [report, ...changes].filter((text) => text !== undefined).join(" ");
      if (words !== "") setSaid(words);
      return next;
    });
  };
  const ask = async (method: "GET" | "POST", path: string): Promise<void> => {
    const outcome = await request<LinkDownloads>(method, `${base}/downloads${path}`);
    setProblem(outcome.kind === "ok" ? undefined : failureWords(outcome));
    if (outcome.kind === "ok") show(outcome.body);
  };
  const begin = (kind: Kind): void => void ask("POST", `/${kind}`);

  useEffect(() => begin("report"), [base]);
  useEffect(() => {
    if (!Object.values(states).some(isUnderWay)) return;
    const timer = window.setTimeout(() => void ask("GET", ""), LOOK_AGAIN_MS);
    return () => window.clearTimeout(timer);
  }, [states]);

  return (
    <>
      <Report base={base} state={states.report} onBegin={() => begin("report")} />
      <section class="padded" aria-labelledby="downloads">
        <h2 id="downloads">Downloads</h2>
        <p class="problem" role="alert">
          {problem}
        </p>
        <ul class="downloads">
          {LISTED.map((kind) => (
            <Download key={kind} base={base} kind={kind} state={states[kind]} onBegin={() => begin(kind)} />
          ))}
        </ul>
        <p class="note">The report also has a link to each original file.</p>
      </section>
      <p class="unseen" role="status">
        {said}
      </p>
    </>
  );
}
