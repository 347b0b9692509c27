import { createContext } from "preact";
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import type { PageAccount } from "../page-data.ts";
import type { Feed } from "./feed.ts";
import type { Failure, Outcome } from "./outcome.ts";

/** What every view has while somebody is signed in. */
export interface Session {
  readonly account: PageAccount;
  readonly feed: Feed;
  /** Asks the service; an answer that the session is over ends it. */
  readonly ask: <Body>(
    method: string,
    path: string,
    options?: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> },
  ) => Promise<Outcome<Body>>;
  /** Shows the login of a command line. */
  readonly showLogin: (code: string) => void;
  /** Shows a sentence, and has it read out. */
  readonly say: (sentence: string) => void;
}

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === undefined) throw new TypeError("a view is shown to nobody");
  return session;
}

/** Draws the view again with each event. */
export function useFeed(): Feed {
  const { feed } = useSession();
  const [, setCount] = useState(0);
  useEffect(() => feed.subscribe(() => setCount((count) => count + 1)), [feed]);
  return feed;
}

export interface Loaded<Body> {
  readonly data: Body | undefined;
  readonly failure: Failure | undefined;
  readonly reload: () => void;
}

/** Loads something, again after each connection, and again when a refusal says that it may succeed then. */
export function useLoad<Body>(path: string): Loaded<Body> {
  const { ask, feed } = useSession();
  const [loaded, setLoaded] = useState<{ path: string; data?: Body; failure?: Failure }>({ path });
  const [round, setRound] = useState(0);
  const newest = useRef(0);
  const reload = (): void => setRound((count) => count + 1);
  useEffect(() => feed.subscribe(({ kind }) => kind === "opened" && reload()), [feed]);
  useEffect(() => {
    newest.current += 1;
    const own = newest.current;
    let timer = 0;
    void ask<Body>("GET", path).then((outcome) => {
      if (own !== newest.current) return;
      if (outcome.kind === "ok") {
        setLoaded({ path, data: outcome.body });
        return;
      }
      setLoaded((before) => ({ ...before, path, failure: outcome }));
      const seconds = outcome.kind === "refused" ? outcome.retryAfterSeconds : undefined;
      if (seconds !== undefined) timer = window.setTimeout(reload, seconds * 1_000);
    });
    return () => window.clearTimeout(timer);
  }, [ask, path, round]);
  // Another page of a list comes in place of this one: nothing jumps meanwhile.
  return { data: loaded.data, failure: loaded.path === path ? loaded.failure : undefined, reload };
}

/** Seconds of a clock that runs only while it is shown, by `performance.now()`. */
export function useNow(isRunning: boolean): number {
  const [now, setNow] = useState(performance.now());
  useEffect(() => {
    if (!isRunning) return;
    const timer = window.setInterval(() => setNow(performance.now()), 1_000);
    return () => window.clearInterval(timer);
  }, [isRunning]);
  return now;
}
