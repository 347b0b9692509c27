import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import type { PageAccount } from "../page-data.ts";
import { Feed } from "./feed.ts";
import { request } from "./http.ts";
import { Login } from "./login.tsx";
import { type Failure, waitSeconds, waitWords } from "./outcome.ts";
import { loginIn } from "./route.ts";
import { type Session, SessionContext } from "./session.ts";
import { Shell } from "./shell.tsx";
import { SignIn } from "./sign-in.tsx";

type Who =
  | { readonly kind: "asking" }
  | { readonly kind: "away"; readonly failure: Failure; readonly seconds: number }
  | { readonly kind: "nobody"; readonly why?: string }
  | { readonly kind: "somebody"; readonly account: PageAccount };

const ENDED = "Your session is over: you signed out in another tab, or the key was revoked. Sign in again.";
const NO_COOKIE =
  "The browser did not keep the session. Open the page over HTTPS at the service's public address, and allow its cookie.";

export function App() {
  const [who, setWho] = useState<Who>({ kind: "asking" });
  const [failures, setFailures] = useState(0);

  /** @param whyNobody shown if nobody is signed in */
  const look = useCallback(
    async (whyNobody?: string) => {
      const outcome = await request<PageAccount>("GET", "page/account");
      if (outcome.kind === "ok") setWho({ kind: "somebody", account: outcome.body });
      else if (outcome.kind === "refused" && outcome.status === 401) {
        setWho({ kind: "nobody", ...(whyNobody === undefined ? {} : { why: whyNobody }) });
      } else {
        setFailures((count) => count + 1);
        setWho({ kind: "away", failure: outcome, seconds: waitSeconds(failures + 1, outcome) });
      }
    },
    [failures],
  );

  useEffect(() => void look(), []);
  useEffect(() => {
    if (who.kind !== "away") return;
    const timer = window.setTimeout(() => void look(), who.seconds * 1_000);
    return () => window.clearTimeout(timer);
  }, [who, look]);

  switch (who.kind) {
    case "asking":
      return <p class="banner">Asking the service…</p>;
    case "away":
      return (
        <p class="banner" role="status">
          {waitWords(who.failure, who.seconds)}
        </p>
      );
    case "nobody":
      return <SignIn why={who.why} onSignedIn={() => void look(NO_COOKIE)} />;
    case "somebody":
      return (
        <SignedIn
          key={who.account.key.id}
          account={who.account}
          onEnd={(isOwnWish) => setWho({ kind: "nobody", why: isOwnWish ? "You are signed out." : ENDED })}
        />
      );
  }
}

function SignedIn({ account, onEnd }: { readonly account: PageAccount; readonly onEnd: (isOwnWish: boolean) => void }) {
  const [said, setSaid] = useState({ sentence: "", count: 0 });
  const [login, setLogin] = useState(() => loginIn(window.location.search));
  const session = useMemo<Session>(
    () => ({
      account,
      feed: new Feed(() => onEnd(false)),
      ask: async (method, path, options) => {
        const outcome = await request<never>(method, path, options);
        if (outcome.kind === "refused" && outcome.status === 401) onEnd(false);
        return outcome;
      },
      showLogin: setLogin,
      say: (sentence) => setSaid(({ count }) => ({ sentence, count: count + 1 })),
    }),
    [],
  );
  useEffect(() => () => session.feed.close(), [session]);

  return (
    <SessionContext.Provider value={session}>
      <Shell
        said={said}
        onSignOut={async () => {
          // Otherwise the end of its events would be said to be somebody else's doing.
          session.feed.close();
          await request("DELETE", "page/session");
          // Whoever signs in next has other jobs.
          window.history.replaceState(null, "", window.location.pathname);
          onEnd(true);
        }}
      >
        {login === undefined ? undefined : (
          <Login
            code={login}
            onDone={() => {
              window.history.replaceState(null, "", `${window.location.pathname}${window.location.hash}`);
              setLogin(undefined);
            }}
          />
        )}
      </Shell>
    </SessionContext.Provider>
  );
}
