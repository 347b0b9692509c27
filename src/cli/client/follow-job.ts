import type { MeetBot } from "../../sdk/index.ts";
import { interruptible } from "../process/interrupt.ts";
import { shownText } from "../view/charset.ts";
import { WatchView } from "../view/watch-view.ts";
import { eventLine } from "./event-line.ts";
import { type OutputOptions, printRecord } from "./output.ts";

/** Each person's mark in the view says it already. */
const IN_VIEW: ReadonlySet<string> = new Set(["talkspurt"]);

/**
 * Shows what happens to a job until it is over, nobody reads the output any more, or somebody presses Ctrl-C, which
 * changes nothing in the call: on a terminal as a view that is updated in place, otherwise as lines.
 *
 * @returns the exit code
 */
export async function followJob(meetbot: MeetBot, id: string, options: OutputOptions): Promise<number> {
  const isShown = options.json !== true && process.stdout.isTTY === true && process.env.TERM !== "dumb";
  const view = isShown ? new WatchView(process.stdout, await meetbot.getJob(id)) : undefined;
  return await interruptible("stopped watching; the job continues", async (interrupted) => {
    const reader = readerOfOutput();
    view?.start();
    try {
      await follow(meetbot, id, { options, view, signal: AbortSignal.any([interrupted, reader]) });
    } catch (error) {
      if (!reader.aborted) throw error;
    } finally {
      view?.stop();
    }
  });
}

interface Following {
  readonly options: OutputOptions;
  readonly view: WatchView | undefined;
  readonly signal: AbortSignal;
}

async function follow(meetbot: MeetBot, id: string, { options, view, signal }: Following): Promise<void> {
  const names = new Map<string, string>();
  const onConnection = (lost: Error | undefined): void => view?.connection(lost !== undefined);
  for await (const message of meetbot.watchJob(id, { signal, onConnection })) {
    const line = eventLine(message, names);
    if (view !== undefined) view.see(message, lineInView(message.event, line));
    else if (options.json === true || line !== undefined) printRecord(message, line ?? "", options);
  }
}

/** A signal that is aborted when nobody can read the output any more, such as after `| head -1`. */
function readerOfOutput(): AbortSignal {
  const gone = new AbortController();
  process.stdout.once("error", () => gone.abort());
  return gone.signal;
}

function lineInView(event: string, line: string | undefined): string | undefined {
  return line === undefined || IN_VIEW.has(event) ? undefined : shownText(line);
}
