import { useEffect, useState } from "preact/hooks";
import type { DeliveryView, PageJob } from "../../page-data.ts";
import { failureWords } from "../outcome.ts";
import { Pages, usePaging } from "../paging.tsx";
import { Alert, Problem, Section, Stranger, Time } from "../parts.tsx";
import { useLoad, useSession } from "../session.ts";
import { counted } from "../words.ts";

const PAGE = 20;

/** An attempt does not change the job, so no event reports it. */
const LOOK_MS = 3_000;

const STATES: Readonly<Record<DeliveryView["state"], string>> = {
  pending: "Waiting",
  delivered: "Delivered",
  dead: "Given up",
};

interface DeliveryPage {
  readonly data: readonly DeliveryView[];
  readonly nextCursor: string | null;
}

/** What the job's webhooks got, each with its attempts. */
export function Deliveries({ job }: { readonly job: PageJob }) {
  const { onStatus, onFinalize } = job.webhooks;
  return (
    <Section title="Webhooks">
      {onStatus || onFinalize ? <Ledger job={job} /> : <p class="note">The job has no webhooks.</p>}
    </Section>
  );
}

function Ledger({ job }: { readonly job: PageJob }) {
  const paging = usePaging();
  const { data, failure, reload } = useLoad<DeliveryPage>(
    `api/v1/jobs/${job.id}/deliveries?limit=${PAGE}${paging.query}`,
  );
  const isWaiting = data?.data.some(({ state }) => state === "pending") === true;
  useEffect(reload, [job.updatedAt]);
  useEffect(() => {
    if (!isWaiting) return;
    const timer = window.setInterval(() => !document.hidden && reload(), LOOK_MS);
    return () => window.clearInterval(timer);
  }, [isWaiting]);
  return (
    <>
      <Problem failure={failure} />
      {data?.data.length === 0 ? <p class="note">Nothing was to be delivered yet.</p> : null}
      <ul ref={paging.list} class="deliveries" aria-label="Deliveries">
        {data?.data.map((delivery) => (
          <Delivery key={delivery.id} jobId={job.id} delivery={delivery} onResent={reload} />
        ))}
      </ul>
      <Pages paging={paging} next={data?.nextCursor} />
    </>
  );
}

function Delivery({
  jobId,
  delivery,
  onResent,
}: {
  readonly jobId: string;
  readonly delivery: DeliveryView;
  readonly onResent: () => void;
}) {
  const { ask, say } = useSession();
  const [problem, setProblem] = useState<string>();
  const { id, event, state, webhook, attempts, emittedAt, nextAttemptAt, data } = delivery;
  const status = event === "job.status_changed" ? ` ${String(data["status"])}` : "";

  const resend = async (): Promise<void> => {
    const outcome = await ask("POST", `api/v1/jobs/${jobId}/deliveries/${id}/resend`);
    if (outcome.kind !== "ok") {
      setProblem(failureWords(outcome));
      return;
    }
    setProblem(undefined);
    say(`${event} is sent again.`);
    onResent();
  };

  return (
    <li>
      <div class="bar">
        <p>
          <code>{event}</code>
          {status}{" "}
          <span class="note">
            to {webhook}, <Time at={emittedAt} />
          </span>
        </p>
        <p class="now">
          <span class={`state ${state}`}>{STATES[state]}</span>
          <button type="button" aria-label={`Resend ${event}${status}`} onClick={() => void resend()}>
            Resend
          </button>
        </p>
      </div>
      {nextAttemptAt === null ? null : (
        <p class="note">
          Next attempt:{" "}
          {Date.parse(nextAttemptAt) > Date.now() ? <Time at={nextAttemptAt} /> : "after the deliveries before it"}
        </p>
      )}
      <details>
        <summary>
          {attempts.length === 0
            ? "No attempt yet"
            : `${counted(attempts.length, "attempt")}, last: ${resultOf(attempts.at(-1))}`}
        </summary>
        <ol class="attempts">
          {attempts.map((attempt) => (
            <li key={attempt.number} value={attempt.number}>
              <Time at={attempt.at} />: <Stranger text={resultOf(attempt)} /> after {Math.round(attempt.latencyMs)} ms
            </li>
          ))}
        </ol>
        <pre>{JSON.stringify(data, null, 2)}</pre>
      </details>
      <Alert text={problem} />
    </li>
  );
}

function resultOf(attempt: DeliveryView["attempts"][number] | undefined): string {
  if (attempt === undefined) return "";
  return attempt.status === null ? (attempt.error ?? "no answer") : `HTTP ${attempt.status}`;
}
