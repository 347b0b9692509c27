import { useRef, useState } from "preact/hooks";
import type { PageLogin } from "../page-data.ts";
import { failureWords } from "./outcome.ts";
import { Alert, Fact, Problem, Stranger, Time, Title } from "./parts.tsx";
import { typedCode } from "./route.ts";
import { useLoad, useSession } from "./session.ts";

/** The login of a command line, which somebody confirms here with their key (RFC 8628, "User Interaction"). */
export function Login({ code, onDone }: { readonly code: string; readonly onDone: () => void }) {
  const { account, ask, say } = useSession();
  const { data, failure } = useLoad<PageLogin>(`page/logins/${code}`);
  const [problem, setProblem] = useState<string>();

  const confirm = async (): Promise<void> => {
    const outcome = await ask("POST", "api/v1/cli-auth/complete", { body: { userCode: code } });
    if (outcome.kind !== "ok") {
      setProblem(failureWords(outcome));
      return;
    }
    say("The command line is signed in. You can close this page.");
    onDone();
  };

  return (
    <main>
      <section class="padded">
        <Title name="Sign in a command line">Sign in a command line?</Title>
        <p class="code">{code}</p>
        <Problem failure={failure} />
        {data === undefined ? null : (
          <>
            <dl>
              <Fact name="It says that it is">
                <Stranger text={data.client ?? "unknown"} />
              </Fact>
              <Fact name="It asks from">
                <Stranger text={data.address ?? "unknown"} />
              </Fact>
              <Fact name="Since">
                <Time at={data.createdAt} />
              </Fact>
              <Fact name="It gets">
                a new {account.key.mode} key of <Stranger text={account.name} />, with the role {account.key.role}
              </Fact>
            </dl>
            <p>
              <strong>Confirm only what you began yourself.</strong> Your terminal must show the same code. Whoever sent
              you this link may want to act in your name.
            </p>
            <Alert text={problem} />
            <p class="buttons">
              <button type="button" class="main" onClick={() => void confirm()}>
                Yes, this is my command line
              </button>
              <button
                type="button"
                onClick={() => {
                  say("Nothing was confirmed. The code ends by itself.");
                  onDone();
                }}
              >
                No, not mine
              </button>
            </p>
          </>
        )}
        {failure === undefined ? null : (
          <button type="button" onClick={onDone}>
            Go to the jobs
          </button>
        )}
      </section>
    </main>
  );
}

/** Takes the code of a login from somebody who has no link to it. */
export function LoginForm() {
  const { showLogin } = useSession();
  const input = useRef<HTMLInputElement>(null);
  const [problem, setProblem] = useState<string>();
  const show = (event: Event): void => {
    event.preventDefault();
    const code = typedCode(input.current?.value ?? "");
    if (code === undefined) {
      setProblem("Enter the code that the command line shows, such as 7KQ2-M9XD.");
      input.current?.focus();
    } else showLogin(code);
  };
  return (
    <form class="message" onSubmit={show}>
      <label for="code">Code that the command line shows</label>
      <input
        ref={input}
        id="code"
        autocomplete="off"
        spellcheck={false}
        aria-invalid={problem !== undefined}
        aria-describedby="code-problem"
      />
      <Alert id="code-problem" text={problem} />
      <button type="submit">Look at the login</button>
    </form>
  );
}
