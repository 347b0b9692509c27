import { useEffect, useRef, useState } from "preact/hooks";
import type { PageJob } from "../../page-data.ts";
import { failureWords } from "../outcome.ts";
import { Alert, Confirm, type Question, useFocusKept } from "../parts.tsx";
import { useSession } from "../session.ts";
import { asSentence, titleOf } from "../words.ts";

export type Verb = keyof PageJob["obstacles"];

interface VerbRow {
  readonly label: string;
  readonly method: "POST" | "DELETE";
  /** After the job's address. */
  readonly path: string;
  readonly done: string;
  readonly question?: Question;
}

const ROWS: Readonly<Record<Exclude<Verb, "message" | "note">, VerbRow>> = {
  pause: { label: "Pause", method: "POST", path: "/pause-recording", done: "The recording is paused." },
  resume: { label: "Resume", method: "POST", path: "/resume-recording", done: "The recording continues." },
  stop: {
    label: "Stop recording",
    method: "POST",
    path: "/stop-recording",
    done: "Recording is stopped. The bot stays in the call.",
    question: {
      title: "Stop recording for good?",
      text: "The bot stays in the call, and what was recorded is kept. Recording cannot begin again.",
      action: "Stop recording",
    },
  },
  permission: {
    label: "Ask for permission",
    method: "POST",
    path: "/request-recording-permission",
    done: "The question is posted in the channel.",
  },
  leave: {
    label: "Leave",
    method: "POST",
    path: "/leave-call",
    done: "The bot leaves the call.",
    question: {
      title: "Leave the call?",
      text: "The recording ends here, and is stored. The bot does not come back.",
      action: "Leave",
    },
  },
  cancel: {
    label: "Cancel job",
    method: "DELETE",
    path: "",
    done: "The job is being cancelled.",
    question: {
      title: "Cancel the job?",
      text: "The bot leaves at once. What was recorded so far is stored, and the job counts as cancelled.",
      action: "Cancel job",
    },
  },
};

/**
 * Buttons for what a job can be asked for. One that can do nothing now stays reachable by keyboard, and says why.
 */
export function Verbs({ job, verbs }: { readonly job: PageJob; readonly verbs: readonly (keyof typeof ROWS)[] }) {
  const { ask, say } = useSession();
  const buttons = useRef<HTMLDivElement>(null);
  useFocusKept(buttons);
  const [busy, setBusy] = useState<Verb>();
  const [asked, setAsked] = useState<keyof typeof ROWS>();
  const [problem, setProblem] = useState<string>();
  // What was said is about a state that is over.
  useEffect(() => setProblem(undefined), [job.status, job.paused, job.ending]);
  const question = asked && ROWS[asked].question;

  const act = async (verb: keyof typeof ROWS): Promise<void> => {
    const { method, path, done } = ROWS[verb];
    setBusy(verb);
    const outcome = await ask(method, `api/v1/jobs/${job.id}${path}`);
    setBusy(undefined);
    if (outcome.kind === "ok") say(done);
    else setProblem(failureWords(outcome));
  };
  const press = (verb: keyof typeof ROWS): void => {
    const obstacle = job.obstacles[verb];
    setProblem(obstacle === null ? undefined : asSentence(obstacle));
    if (obstacle !== null || busy !== undefined) return;
    if (ROWS[verb].question === undefined) void act(verb);
    else setAsked(verb);
  };

  return (
    <div ref={buttons} class="verbs">
      <fieldset class="buttons" aria-label={`What ${titleOf(job)} can do`}>
        {verbs.map((verb) => {
          const obstacle = job.obstacles[verb];
          const why = obstacle === null ? undefined : asSentence(obstacle);
          const id = `why-${verb}-${job.id}`;
          return (
            // One button pauses and resumes, so that it keeps the focus.
            <span key={verb === "resume" ? "pause" : verb}>
              <button
                type="button"
                aria-disabled={why !== undefined}
                aria-describedby={why === undefined ? undefined : id}
                aria-busy={busy === verb}
                title={why}
                onClick={() => press(verb)}
              >
                {ROWS[verb].label}
              </button>
              {why === undefined ? null : (
                <span class="unseen" id={id}>
                  {why}
                </span>
              )}
            </span>
          );
        })}
      </fieldset>
      <Alert text={problem} />
      {asked === undefined || question === undefined ? null : (
        <Confirm
          question={question}
          onAnswer={(isYes) => {
            setAsked(undefined);
            if (isYes) void act(asked);
          }}
        />
      )}
    </div>
  );
}
