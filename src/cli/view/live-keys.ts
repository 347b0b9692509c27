import type { CallControls } from "../../recording/job/controls.ts";
import type { CallEnd } from "../../session/exit.ts";

/** Standard input that is a terminal. */
export type Keyboard = NodeJS.ReadableStream & {
  setRawMode(raw: boolean): unknown;
  unref(): unknown;
};

/** What keys can do. */
export interface KeyTarget {
  readonly call: Pick<CallControls, "pause" | "resume"> | undefined;
  end(end: CallEnd): void;
  /** Ctrl-C, which is not a signal while the terminal is in raw mode. */
  interrupt(): void;
  /** After each key. */
  changed(): void;
}

/**
 * Listens to single keys: p pauses and resumes, q leaves. Does not keep the process alive.
 *
 * @returns a function that stops listening
 */
export function listenToKeys(keyboard: Keyboard, target: KeyTarget): () => void {
  const onData = (chunk: Buffer | string): void => {
    for (const key of String(chunk)) press(key, target);
    target.changed();
  };
  const stop = (): void => {
    keyboard.off("data", onData);
    keyboard.pause();
    keyboard.setRawMode(false);
  };
  keyboard.setRawMode(true);
  keyboard.on("data", onData);
  // The terminal was closed: the call continues without its keys.
  keyboard.once("error", () => keyboard.off("data", onData));
  keyboard.unref();
  return stop;
}

function press(key: string, { call, end, interrupt }: KeyTarget): void {
  if (key === "\x03") interrupt();
  else if (key === "q") end({ exitReason: "leave_requested", detail: "asked to leave the call at the terminal" });
  else if (key === "p" && call?.pause() === false) call.resume();
}
