import type { PageData } from "../page-data.ts";
import { Chat } from "./chat/chat.ts";
import { element, strangersText } from "./dom.ts";
import { filesOf } from "./files.ts";
import { lengthInWords } from "./format.ts";
import { Lanes } from "./lanes/lanes.ts";
import { momentIn } from "./moment.ts";
import { namesIn } from "./names.ts";
import { keyActions } from "./playback/key-actions.ts";
import { KeysWindow, listenToKeys } from "./playback/keys.ts";
import { Player } from "./playback/player.ts";
import { Transport } from "./playback/transport.ts";
import { statisticsOf } from "./statistics.ts";
import { wallClock } from "./wall-clock.ts";
import { warningsOf } from "./warnings.ts";

function showReport(data: PageData, root: HTMLElement): void {
  const player = new Player(data, () => showNow());
  const seek = (toMs: number) => player.seek(toMs);
  const hear = (fromMs: number) => {
    seek(fromMs);
    if (data.clips.length > 0) player.play();
  };
  const nameOf = namesIn(data.mentions);
  const keysWindow = new KeysWindow();
  const lanes = new Lanes(data, {
    seek,
    hear,
    setAudible: (speaker, audible) => player.setAudible(speaker, audible),
    positionMs: () => player.positionMs,
  });
  const { messages } = data;
  const chat = messages === undefined ? undefined : new Chat({ messages, nameOf, hear }, seek);
  const transport = new Transport(data, player, () => keysWindow.open());
  const keys = keyActions(data, { player, transport, lanes, chat, keysWindow });
  keysWindow.fill(keys);

  let frame = 0;
  const showNow = (): void => {
    const atMs = player.positionMs;
    transport.showState(player.state, player.undecodable);
    transport.showPosition(atMs);
    lanes.showPosition(atMs, true);
    chat?.showPosition(atMs);
    if (player.state === "paused") return;
    // Read each time, so a nested call does not duplicate it.
    window.cancelAnimationFrame(frame);
    frame = window.requestAnimationFrame(showNow);
  };

  root.replaceChildren(
    headerOf(data),
    element(
      "main",
      {},
      warningsOf(data, hear),
      element(
        "div",
        { class: chat === undefined ? "call" : "call with-chat" },
        data.whyEmpty === undefined ? lanes.root : emptyOf(data.whyEmpty),
        chat?.root,
        element("div", { class: "beneath" }, statisticsOf(data), filesOf(data, nameOf)),
      ),
    ),
    ...(data.whyEmpty === undefined ? [transport.root, keysWindow.root] : []),
  );
  if (data.whyEmpty === undefined) listenToKeys(keys);
  goToLinkedMoment(seek);
  showNow();
}

/** Shown instead of the lanes. */
function emptyOf(whyEmpty: string): HTMLElement {
  return element(
    "section",
    { class: "empty", "aria-labelledby": "empty-heading" },
    element("h2", { id: "empty-heading" }, "Nothing was recorded"),
    element("p", {}, whyEmpty),
  );
}

/** The moment in the page's address, now and when another link to this page is followed. */
function goToLinkedMoment(seek: (toMs: number) => void): void {
  const go = (): void => {
    const atMs = momentIn(window.location.hash);
    if (atMs !== undefined) seek(atMs);
  };
  window.addEventListener("hashchange", go);
  go();
}

function headerOf({ channel, guild, startedAt, durationMs }: PageData): HTMLElement {
  return element(
    "header",
    {},
    element("h1", {}, strangersText(channel)),
    element(
      "p",
      { class: "note" },
      strangersText(guild),
      " · ",
      element("time", { datetime: startedAt }, wallClock(new Date(startedAt))),
      ` · ${lengthInWords(durationMs)}`,
    ),
  );
}

const recording = document.getElementById("recording");
const root = document.getElementById("report");
if (recording !== null && root !== null) {
  const data: PageData = JSON.parse(recording.textContent);
  showReport(data, root);
}
