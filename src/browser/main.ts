import type { PageData } from "../page/page-data.ts";
import { Chat } from "./chat.ts";
import { element, strangersText } from "./dom.ts";
import { lengthInWords } from "./format.ts";
import { type KeyAction, keysInWords, listenToKeys } from "./keys.ts";
import { Lanes } from "./lanes.ts";
import { Player } from "./player.ts";
import { statisticsOf, warningsOf } from "./statistics.ts";
import { STEP_MS, Transport } from "./transport.ts";

function showReport(data: PageData, root: HTMLElement): void {
  const player = new Player(data, () => showNow());
  const seek = (toMs: number) => player.seek(toMs);
  const hear = (toMs: number) => {
    seek(toMs);
    if (data.pieces.length > 0) player.play();
  };
  const lanes = new Lanes(data, {
    seek,
    setAudible: (speaker, audible) => player.setAudible(speaker, audible),
    positionMs: () => player.positionMs,
  });
  const chat = data.messages === undefined ? undefined : new Chat(data.messages, hear);
  const transport = new Transport(data, player);
  const keys = keyActions(data, player, lanes);

  let frame = 0;
  const showNow = (): void => {
    const atMs = player.positionMs;
    transport.showState(player.state, player.undecodable);
    transport.showPosition(atMs);
    lanes.showPosition(atMs, true);
    chat?.showPosition(atMs);
    if (player.state === "paused") return;
    // Asked for anew each time, so that what calls this in between does not double it.
    window.cancelAnimationFrame(frame);
    frame = window.requestAnimationFrame(showNow);
  };

  root.replaceChildren(
    headerOf(data),
    element(
      "main",
      {},
      ...[warningsOf(data, hear)].filter((section) => section !== undefined),
      element(
        "div",
        { class: chat === undefined ? "call" : "call with-chat" },
        lanes.root,
        chat?.root,
        statisticsOf(data),
      ),
      keysInWords(keys),
    ),
    transport.root,
  );
  listenToKeys(keys);
  showNow();
}

function headerOf({ channel, guild, startedAt, durationMs }: PageData): HTMLElement {
  const date = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeStyle: "short" });
  return element(
    "header",
    {},
    element("h1", {}, strangersText(channel)),
    element(
      "p",
      { class: "note" },
      strangersText(guild),
      " · ",
      element("time", { datetime: startedAt }, date.format(new Date(startedAt))),
      ` · ${lengthInWords(durationMs)}`,
    ),
  );
}

function keyActions({ durationMs, pieces }: PageData, player: Player, lanes: Lanes): KeyAction[] {
  const by = (stepMs: number) => () => player.seek(player.positionMs + stepMs);
  const toggle = () => {
    if (pieces.length > 0) player.toggle();
  };
  return [
    { keys: [" ", "k"], shown: "Space, K", meaning: "play and pause", act: toggle },
    { keys: ["ArrowLeft"], shown: "←", meaning: `back by ${STEP_MS / 1_000} s`, act: by(-STEP_MS) },
    { keys: ["ArrowRight"], shown: "→", meaning: `on by ${STEP_MS / 1_000} s`, act: by(STEP_MS) },
    { keys: ["Home"], shown: "Home", meaning: "to the start", act: () => player.seek(0) },
    { keys: ["End"], shown: "End", meaning: "to the end", act: () => player.seek(durationMs) },
    { keys: ["+", "="], shown: "+", meaning: "zoom in", act: () => lanes.zoomIn() },
    { keys: ["-"], shown: "−", meaning: "zoom out", act: () => lanes.zoomOut() },
    { keys: ["0"], shown: "0", meaning: "show the whole call", act: () => lanes.showWhole() },
  ];
}

const recording = document.getElementById("recording");
const root = document.getElementById("report");
if (recording !== null && root !== null) {
  const data: PageData = JSON.parse(recording.textContent);
  showReport(data, root);
}
