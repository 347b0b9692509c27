import { clock } from "../../../../report/browser/format.ts";
import type { PageJob } from "../../page-data.ts";
import type { SeenLive } from "../feed.ts";
import { Names, Stranger } from "../parts.tsx";
import { useNow } from "../session.ts";
import { countdownWords, counted, isOver } from "../words.ts";

type Person = NonNullable<SeenLive["live"]>["participants"][number];

/** What the worker of a job says, while there is one. */
export function liveOf(job: PageJob, lives: ReadonlyMap<string, SeenLive>): SeenLive | undefined {
  return isOver(job) ? undefined : lives.get(job.id);
}

/** The time since the recording began. */
export function Elapsed({ job, seen }: { readonly job: PageJob; readonly seen: SeenLive | undefined }) {
  const isRunning = seen?.live != null && (job.status === "recording" || job.status === "in_call");
  const now = useNow(isRunning);
  const live = seen?.live;
  if (live == null || live.startedAt === null || seen === undefined) return null;
  const passed = isRunning ? Math.max(0, (now - seen.at) / 1_000) : 0;
  return <span class="elapsed">{clock((live.elapsedSeconds + passed) * 1_000)}</span>;
}

/** When the bot leaves by itself. The words change each second, so a screen reader reads them only when asked to. */
export function Countdowns({ seen, most }: { readonly seen: SeenLive; readonly most: number }) {
  const countdowns = seen.live?.autoLeave ?? [];
  const now = useNow(countdowns.some(({ waitsFor }) => waitsFor === null));
  if (countdowns.length === 0) return null;
  const passed = Math.max(0, (now - seen.at) / 1_000);
  return (
    <ul class="countdowns" aria-label="When the bot leaves by itself">
      {countdowns.slice(0, most).map((countdown) => (
        <li key={countdown.exitReason}>{countdownWords(countdown, passed)}</li>
      ))}
    </ul>
  );
}

/** Who is there, in one line. */
export function Here({ people }: { readonly people: readonly Person[] }) {
  const here = people.filter(({ present, bot }) => present && !bot);
  if (here.length === 0) return <p class="here">Nobody is there.</p>;
  return (
    <p class="here">
      <span class="note">{counted(here.length, "person").replace("persons", "people")} there: </span>
      <Names names={here.map(({ displayName }) => displayName)} />
    </p>
  );
}

const CONSENT_WORDS: Readonly<Record<Person["consent"], string>> = {
  granted: "agreed",
  declined: "refused: not recorded",
  unanswered: "has not answered",
  not_asked: "",
};

/** Everybody who was in the channel. */
export function People({ people }: { readonly people: readonly Person[] }) {
  if (people.length === 0) return <p class="note">Nobody was there yet.</p>;
  return (
    <ul class="people">
      {people.map((person) => {
        const words = [
          person.bot ? "bot" : "",
          person.present ? "" : "has left",
          person.spoke ? "was heard" : "",
          CONSENT_WORDS[person.consent],
        ].filter((word) => word !== "");
        return (
          <li key={person.id} class={person.present ? undefined : "gone"}>
            <Stranger text={person.displayName} />
            {words.length === 0 ? null : <span class="note"> {words.join(", ")}</span>}
          </li>
        );
      })}
    </ul>
  );
}

/** What is wrong now: of the worker, and that it cannot be asked. */
export function Warnings({ seen, most }: { readonly seen: SeenLive; readonly most: number }) {
  const warnings = seen.live?.warnings ?? [];
  const connection = seen.live?.connection;
  const lines = [
    ...(seen.liveProblem === null ? [] : [`The worker does not answer: ${seen.liveProblem}`]),
    ...(connection === "reconnecting" ? ["The connection to the call is lost. The bot connects again."] : []),
    ...(connection === "unheard" ? ["What people say cannot be heard now."] : []),
    ...warnings.map(({ text }) => text),
  ];
  if (lines.length === 0) return null;
  const more = lines.length - most;
  return (
    <ul class="warnings" aria-label="Warnings">
      {lines.slice(0, most).map((line, index) => (
        <li key={`${index} ${line}`}>
          <Stranger text={line} />
        </li>
      ))}
      {more > 0 ? <li>and {counted(more, "more warning")}</li> : null}
    </ul>
  );
}
