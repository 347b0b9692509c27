import type { PageData } from "../../page-data.ts";
import type { Chat } from "../chat/chat.ts";
import type { Lanes } from "../lanes/lanes.ts";
import type { KeyAction, KeysWindow } from "./keys.ts";
import type { Player } from "./player.ts";
import { STEP_MS, type Transport } from "./transport.ts";

export interface KeyTargets {
  readonly player: Player;
  readonly transport: Transport;
  readonly lanes: Lanes;
  readonly chat: Chat | undefined;
  readonly keysWindow: KeysWindow;
}

/** What each key does, in the order in which it is listed. */
export function keyActions({ durationMs, clips }: PageData, targets: KeyTargets): KeyAction[] {
  const { player, transport, lanes, chat, keysWindow } = targets;
  const by = (stepMs: number) => () => player.seek(player.positionMs + stepMs);
  const seconds = STEP_MS / 1_000;
  const sounding: KeyAction[] = [
    { keys: [" ", "k", "K"], shown: "Space, K", meaning: "play and pause", act: () => player.toggle() },
    { keys: [">"], shown: ">", meaning: "faster", act: () => transport.change((manner) => manner.changeSpeed(1)) },
    { keys: ["<"], shown: "<", meaning: "slower", act: () => transport.change((manner) => manner.changeSpeed(-1)) },
    { keys: ["]"], shown: "]", meaning: "louder", act: () => transport.change((manner) => manner.changeVolume(1)) },
    { keys: ["["], shown: "[", meaning: "softer", act: () => transport.change((manner) => manner.changeVolume(-1)) },
    {
      keys: ["s", "S"],
      shown: "S",
      meaning: "skip silence, or play it",
      act: () => transport.change((manner) => manner.toggleSkipping()),
    },
  ];
  return [
    ...(clips.length === 0 ? [] : sounding),
    { keys: ["ArrowLeft"], shown: "←", meaning: `back by ${seconds} s`, act: by(-STEP_MS) },
    { keys: ["ArrowRight"], shown: "→", meaning: `forward by ${seconds} s`, act: by(STEP_MS) },
    { keys: ["Home"], shown: "Home", meaning: "to the start", act: () => player.seek(0) },
    { keys: ["End"], shown: "End", meaning: "to the end", act: () => player.seek(durationMs) },
    { keys: ["+", "="], shown: "+", meaning: "zoom in", act: () => lanes.zoomIn() },
    { keys: ["-"], shown: "−", meaning: "zoom out", act: () => lanes.zoomOut() },
    { keys: ["0"], shown: "0", meaning: "show the whole call", act: () => lanes.showWhole() },
    ...(chat === undefined
      ? []
      : [{ keys: ["/"], shown: "/", meaning: "search the chat", act: () => chat.focusSearch() }]),
    { keys: ["l", "L"], shown: "L", meaning: "copy a link to this moment", act: () => void transport.copyLink() },
    { keys: ["?"], shown: "?", meaning: "this list", act: () => keysWindow.open() },
  ];
}
