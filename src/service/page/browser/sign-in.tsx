import { useRef, useState } from "preact/hooks";
import { request } from "./http.ts";
import { failureWords } from "./outcome.ts";
import { Alert, Title } from "./parts.tsx";
import { loginIn } from "./route.ts";

/** Takes a key once. It is not kept: the service answers with a cookie that no script can read. */
export function SignIn({ why, onSignedIn }: { readonly why: string | undefined; readonly onSignedIn: () => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const login = loginIn(window.location.search);

  const signIn = async (event: Event): Promise<void> => {
    event.preventDefault();
    const field = input.current;
    if (field === null || isBusy) return;
    setBusy(true);
    const outcome = await request("POST", "page/session", { body: { key: field.value } });
    setBusy(false);
    if (outcome.kind === "ok") {
      field.value = "";
      onSignedIn();
      return;
    }
    const [issue] = outcome.kind === "refused" ? outcome.issues : [];
    setProblem(issue === undefined ? failureWords(outcome) : "Enter an API key. It begins with mb_live_ or mb_test_.");
    field.focus();
  };

  return (
    <main class="sign-in">
      <p class="brand">meetbot for Discord</p>
      <section>
        <Title name="Sign in" />
        {why === undefined ? null : <p role="status">{why}</p>}
        {login === undefined ? null : (
          <p>
            A command line asks for a key with the code <strong>{login}</strong>. Sign in to look at it.
          </p>
        )}
        <form onSubmit={(event) => void signIn(event)}>
          <label for="key">API key</label>
          <input
            ref={input}
            id="key"
            type="password"
            autocomplete="off"
            spellcheck={false}
            required
            aria-invalid={problem !== undefined}
            aria-describedby="key-hint key-problem"
          />
          <p class="hint" id="key-hint">
            The service showed it when it was made. This page does not store it.
          </p>
          <Alert id="key-problem" text={problem} />
          <button type="submit" class="main" aria-disabled={isBusy}>
            Sign in
          </button>
        </form>
      </section>
    </main>
  );
}
