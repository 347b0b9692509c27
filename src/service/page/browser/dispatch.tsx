import { useRef, useState } from "preact/hooks";
import type { PageJob } from "../page-data.ts";
import {
  type DispatchField,
  fieldsFor,
  requestOf,
  type SortedIssues,
  sortIssues,
  type Typed,
} from "./dispatch-fields.ts";
import { randomKey } from "./http.ts";
import { failureWords } from "./outcome.ts";
import { Alert, Title } from "./parts.tsx";
import { useSession } from "./session.ts";
import { asSentence, titleOf } from "./words.ts";

const NOTHING: SortedIssues = { ofFields: {}, others: [] };

/** A form for a new job. Each problem that the service reports is shown at its field. */
export function Dispatch() {
  const { account, ask, say } = useSession();
  const fields = fieldsFor(account.key.mode);
  const [typed, setTyped] = useState<Typed>({});
  const [issues, setIssues] = useState<SortedIssues>(NOTHING);
  const [problem, setProblem] = useState<string>();
  /** A request that is sent again after a lost answer makes no second job. */
  const [key, setKey] = useState(randomKey);
  const [isBusy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);

  const dispatch = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    const outcome = await ask<PageJob>("POST", "api/v1/jobs", {
      body: requestOf(fields, typed),
      headers: { "idempotency-key": key },
    });
    setBusy(false);
    if (outcome.kind === "ok") {
      setTyped({});
      const title = titleOf(outcome.body);
      say(
        outcome.status === 200 ? `There is a job named ${title} already: here it is.` : `The job ${title} is accepted.`,
      );
      window.location.hash = `#/jobs/${outcome.body.id}`;
      return;
    }
    const sorted = outcome.kind === "refused" ? sortIssues(fields, outcome.issues) : NOTHING;
    setIssues(sorted);
    const others = sorted.others.map(asSentence);
    if (Object.keys(sorted.ofFields).length > 0) others.unshift("Some fields need another value; each says which.");
    setProblem(others.length === 0 ? failureWords(outcome) : others.join(" "));
    // Preact draws first.
    window.setTimeout(() => {
      const wrong = form.current?.querySelector<HTMLElement>("[aria-invalid=true]");
      if (wrong == null) return;
      const details = wrong.closest("details");
      if (details !== null) details.open = true;
      wrong.focus();
    });
  };

  const fieldOf = (field: DispatchField) => (
    <Field
      key={field.path}
      field={field.path === "sandbox.fixture" ? withChoices(field, account.fixtures) : field}
      value={typed[field.path] ?? ""}
      issue={issues.ofFields[field.path]}
      onChange={(value) => {
        setTyped((before) => ({ ...before, [field.path]: value }));
        setKey(randomKey());
      }}
    />
  );

  return (
    <main>
      <Title name="New job" />
      <section class="padded">
        {account.key.mode === "test" ? (
          <p>
            This key is for the sandbox: the job plays a recorded call. It needs no Discord and no token, and it makes a
            real recording.
          </p>
        ) : null}
        <form ref={form} class="fields" noValidate autocomplete="off" onSubmit={(event) => void dispatch(event)}>
          {fields.filter(({ isExtra }) => isExtra !== true).map(fieldOf)}
          <details>
            <summary>More settings</summary>
            <div class="fields">{fields.filter(({ isExtra }) => isExtra === true).map(fieldOf)}</div>
          </details>
          <Alert text={problem} />
          <p class="buttons">
            <button type="submit" class="main" aria-disabled={isBusy}>
              Dispatch
            </button>
          </p>
        </form>
      </section>
    </main>
  );
}

function withChoices(field: DispatchField, names: readonly string[]): DispatchField {
  return { ...field, kind: names.map((name, index) => [index === 0 ? "" : name, name] as const) };
}

const INPUT_TYPES = {
  text: "text",
  password: "password",
  number: "text",
  time: "datetime-local",
  address: "url",
} as const;

function Field({
  field: { path, label, hint, kind },
  value,
  issue,
  onChange,
}: {
  readonly field: DispatchField;
  readonly value: string;
  readonly issue: string | undefined;
  readonly onChange: (value: string) => void;
}) {
  const id = `field-${path.replaceAll(".", "-")}`;
  const shared = {
    id,
    value,
    "aria-invalid": issue !== undefined,
    "aria-describedby": `${id}-hint ${id}-issue`,
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {typeof kind === "string" ? (
        <input
          {...shared}
          // One of several: the types of Preact want it to be known which.
          type={INPUT_TYPES[kind] as "text"}
          inputMode={kind === "number" ? "numeric" : undefined}
          // With this value browsers do not offer to store the bot token as a password.
          autocomplete={kind === "password" ? "new-password" : "off"}
          spellcheck={false}
          onInput={({ currentTarget }) => onChange(currentTarget.value)}
        />
      ) : (
        <select {...shared} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
          {kind.map(([choice, name]) => (
            <option key={choice} value={choice}>
              {name}
            </option>
          ))}
        </select>
      )}
      <p class="hint" id={`${id}-hint`}>
        {hint}
      </p>
      <p class="problem" id={`${id}-issue`}>
        {issue === undefined ? null : asSentence(issue)}
      </p>
    </div>
  );
}
