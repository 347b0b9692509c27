import { sizeInWords } from "../../../../report/browser/format.ts";
import { Stranger } from "../parts.tsx";
import { type Kind, percentOf, type State, WORDS } from "./download-words.ts";

/** The button that opens the report, as soon as it is made. */
export function Report({
  base,
  state,
  onBegin,
}: {
  readonly base: string;
  readonly state: State;
  readonly onBegin: () => void;
}) {
  return (
    <section class="padded" aria-labelledby="report">
      <h2 id="report">Listen and read</h2>
      <p>The report plays the recording, with who speaks when, and the chat next to it.</p>
      {state.state === "ready" ? (
        <p class="buttons">
          <a class="button main" href={`${base}/report`} target="_blank" rel="noreferrer">
            Open the report
          </a>
        </p>
      ) : (
        <Progress title="Report" state={state} onBegin={onBegin} />
      )}
    </section>
  );
}

/** One download: the button that begins it, how far it is, or its files. */
export function Download({
  base,
  kind,
  state,
  onBegin,
}: {
  readonly base: string;
  readonly kind: Exclude<Kind, "report">;
  readonly state: State;
  readonly onBegin: () => void;
}) {
  const { title, text } = WORDS[kind];
  return (
    <li>
      <h3>{title}</h3>
      <p class="note">{text}</p>
      {state.state === "ready" ? (
        <ul aria-label={`Files: ${title}`}>
          {state.files.map(({ name, bytes }) => (
            <li key={name}>
              <a href={`${base}/downloads/${kind}/${encodeURIComponent(name)}`} download={name}>
                <Stranger text={name} />
              </a>
              <span class="note">, {sizeInWords(bytes)}</span>
            </li>
          ))}
        </ul>
      ) : (
        <Progress title={title} state={state} onBegin={onBegin} />
      )}
    </li>
  );
}

function Progress({
  title,
  state,
  onBegin,
}: {
  readonly title: string;
  readonly state: State;
  readonly onBegin: () => void;
}) {
  if (state.state === "waiting") return <p class="note">Waiting for other downloads …</p>;
  if (state.state === "making") {
    const percent = percentOf(state.progress);
    return (
      <p>
        <progress max={100} value={percent} aria-label={title} /> <span class="note">{percent} %</span>
      </p>
    );
  }
  return (
    <>
      {state.state === "failed" ? (
        <p class="problem">
          <Stranger text={`${state.reason}.`} />
        </p>
      ) : null}
      <p class="buttons">
        <button type="button" aria-label={`Prepare: ${title}`} onClick={onBegin}>
          {state.state === "failed" ? "Try again" : "Prepare"}
        </button>
      </p>
    </>
  );
}
