import { useRef, useState } from "preact/hooks";
import type { PageJob } from "../../page-data.ts";
import { randomKey } from "../http.ts";
import { failureWords } from "../outcome.ts";
import { Alert, useFocusKept } from "../parts.tsx";
import { useSession } from "../session.ts";
import { asSentence } from "../words.ts";

/** Writes in the job's channel. */
export function MessageForm({ job }: { readonly job: PageJob }) {
  const { ask, say } = useSession();
  const form = useRef<HTMLFormElement>(null);
  useFocusKept(form);
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<string>();
  /** The same message is posted once, also if it is sent again after a lost answer. */
  const [key, setKey] = useState(randomKey);
  const [isBusy, setBusy] = useState(false);
  const obstacle = job.obstacles.message;

  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (isBusy) return;
    if (obstacle !== null) {
      setProblem(asSentence(obstacle));
      return;
    }
    setBusy(true);
    const outcome = await ask("POST", `api/v1/jobs/${job.id}/send-chat-message`, {
      body: { message: text },
      headers: { "idempotency-key": key },
    });
    setBusy(false);
    if (outcome.kind !== "ok") {
      const [issue] = outcome.kind === "refused" ? outcome.issues : [];
      setProblem(issue === undefined ? failureWords(outcome) : asSentence(issue.message));
      return;
    }
    setProblem(undefined);
    setText("");
    setKey(randomKey());
    say("The message is posted.");
  };

  return (
    <form ref={form} class="message" onSubmit={(event) => void send(event)}>
      <label for="message">Message to the channel</label>
      <textarea
        id="message"
        rows={2}
        value={text}
        aria-invalid={problem !== undefined}
        aria-describedby="message-problem message-why"
        onInput={({ currentTarget }) => {
          setText(currentTarget.value);
          setKey(randomKey());
        }}
      />
      <p class="hint" id="message-why">
        {obstacle === null ? "Markdown of Discord. Mentions notify nobody." : asSentence(obstacle)}
      </p>
      <Alert id="message-problem" text={problem} />
      <button type="submit" aria-disabled={obstacle !== null || isBusy}>
        Send message
      </button>
    </form>
  );
}
