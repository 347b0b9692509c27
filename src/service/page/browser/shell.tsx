import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Dispatch } from "./dispatch.tsx";
import { JobView } from "./jobs/job-view.tsx";
import { JobsView } from "./jobs/jobs-view.tsx";
import { waitWords } from "./outcome.ts";
import { Stranger } from "./parts.tsx";
import { RecordingView } from "./recordings/recording-view.tsx";
import { RecordingsView } from "./recordings/recordings-view.tsx";
import { type Route, routeOf } from "./route.ts";
import { useFeed, useSession } from "./session.ts";
import { UsageView } from "./usage.tsx";
import { announcementOf } from "./words.ts";

const LINKS = [
  ["jobs", "Jobs"],
  ["new", "New job"],
  ["recordings", "Recordings"],
  ["usage", "Usage"],
] as const;

/** What is around every view: where to go, whose key it is, and what was said last. */
export function Shell({
  said,
  onSignOut,
  children,
}: {
  readonly said: { readonly sentence: string; readonly count: number };
  readonly onSignOut: () => void;
  /** Instead of the view that the address names. */
  readonly children: ComponentChildren;
}) {
  const { account } = useSession();
  const route = useRoute();
  const section = { job: "jobs", recording: "recordings" }[route.view as string] ?? route.view;
  return (
    <>
      <header>
        <p class="brand">meetbot</p>
        <nav aria-label="Views">
          <ul>
            {LINKS.map(([view, label]) => (
              <li key={view}>
                <a href={`#/${view}`} aria-current={section === view ? "page" : undefined}>
                  {label}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <p class="who">
          <span class="name">
            <Stranger text={account.name} />
          </span>
          <span class={`badge ${account.key.mode}`}>{account.key.mode === "test" ? "sandbox" : "live"}</span>
          <button type="button" onClick={onSignOut}>
            Sign out
          </button>
        </p>
      </header>
      <Connection />
      {children ?? <View route={route} />}
      <Said {...said} />
    </>
  );
}

function View({ route }: { readonly route: Route }) {
  switch (route.view) {
    case "jobs":
      return <JobsView />;
    case "job":
      return <JobView key={route.id} id={route.id} />;
    case "new":
      return <Dispatch />;
    case "recordings":
      return <RecordingsView />;
    case "recording":
      return <RecordingView key={route.id} id={route.id} />;
    case "usage":
      return <UsageView />;
  }
}

function useRoute(): Route {
  const [route, setRoute] = useState(() => routeOf(window.location.hash));
  useEffect(() => {
    const go = (): void => {
      setRoute(routeOf(window.location.hash));
      window.scrollTo(0, 0);
    };
    window.addEventListener("hashchange", go);
    return () => window.removeEventListener("hashchange", go);
  }, []);
  return route;
}

/** Says when nothing is live. */
function Connection() {
  const { state } = useFeed();
  return (
    <div role="status">
      {state.kind === "waiting" ? <p class="banner">{waitWords(state.failure, state.seconds)}</p> : null}
    </div>
  );
}

const SHOWN_MS = 12_000;

/** The last sentence about what somebody did, and for screen readers each job that changed. */
function Said({ sentence, count }: { readonly sentence: string; readonly count: number }) {
  const { feed } = useSession();
  const [announced, setAnnounced] = useState("");
  const [hidden, setHidden] = useState(0);
  useEffect(
    () =>
      feed.subscribe((event) => {
        const words = event.kind === "job" ? announcementOf(event.before, event.job) : undefined;
        if (words !== undefined) setAnnounced(words);
      }),
    [feed],
  );
  useEffect(() => {
    const timer = window.setTimeout(() => setHidden(count), SHOWN_MS);
    return () => window.clearTimeout(timer);
  }, [count]);
  return (
    <>
      <div role="status" class="said">
        {sentence !== "" && hidden !== count ? <p key={count}>{sentence}</p> : null}
      </div>
      <div role="status" class="unseen">
        {announced}
      </div>
    </>
  );
}
