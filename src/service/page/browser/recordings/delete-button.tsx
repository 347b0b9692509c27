import { useState } from "preact/hooks";
import { failureWords } from "../outcome.ts";
import { Confirm } from "../parts.tsx";
import { useSession } from "../session.ts";
import { counted } from "../words.ts";

/** Deletes a recording, after it has asked. */
export function DeleteButton({
  id,
  title,
  onDeleted,
}: {
  readonly id: string;
  readonly title: string;
  readonly onDeleted: () => void;
}) {
  const { ask, say } = useSession();
  const [isAsking, setAsking] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();

  const remove = async (): Promise<void> => {
    setBusy(true);
    const outcome = await ask<{ readonly files: number }>("DELETE", `api/v1/recordings/${id}`);
    setBusy(false);
    if (outcome.kind !== "ok") {
      setProblem(failureWords(outcome));
      return;
    }
    say(`The recording ${title} is deleted: ${counted(outcome.body.files, "file")}.`);
    onDeleted();
    // The button that had the focus goes away.
    document.querySelector("h1")?.focus();
  };

  return (
    <>
      <button
        type="button"
        class="danger"
        aria-label={`Delete the recording ${title}`}
        aria-busy={isBusy}
        onClick={() => !isBusy && setAsking(true)}
      >
        Delete
      </button>
      <span class="problem" role="alert">
        {problem}
      </span>
      {isAsking ? (
        <Confirm
          question={{
            title: "Delete the recording?",
            text: `Every file of ${title} is deleted from the storage. Nobody can bring it back.`,
            action: "Delete",
          }}
          onAnswer={(isYes) => {
            setAsking(false);
            if (isYes) void remove();
          }}
        />
      ) : null}
    </>
  );
}
