import { useState } from "preact/hooks";
import { request } from "../http.ts";
import { failureWords } from "../outcome.ts";
import { Confirm } from "../parts.tsx";

/** Deletes the recording, after it has asked. */
export function DeleteRecording({ base, onDeleted }: { readonly base: string; readonly onDeleted: () => void }) {
  const [isAsking, setAsking] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();

  const remove = async (): Promise<void> => {
    setBusy(true);
    const outcome = await request("DELETE", `${base}/recording`);
    setBusy(false);
    if (outcome.kind === "ok") onDeleted();
    else setProblem(failureWords(outcome));
  };

  return (
    <section class="padded" aria-labelledby="delete">
      <h2 id="delete">Delete</h2>
      <p>Deletes the recording for everybody: sound, chat, and all that was made of it.</p>
      <p class="buttons">
        <button type="button" class="danger" aria-busy={isBusy} onClick={() => !isBusy && setAsking(true)}>
          Delete the recording
        </button>
      </p>
      <p class="problem" role="alert">
        {problem}
      </p>
      {isAsking ? (
        <Confirm
          question={{
            title: "Delete the recording?",
            text: "Every file of it is deleted from the storage. Nobody can bring it back.",
            action: "Delete",
          }}
          onAnswer={(isYes) => {
            setAsking(false);
            if (isYes) void remove();
          }}
        />
      ) : null}
    </section>
  );
}
