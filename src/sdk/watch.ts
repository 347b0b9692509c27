import { createParser, type EventSourceMessage } from "eventsource-parser";
import { chunksOf } from "./body.ts";
import { MeetbotResponseError } from "./errors.ts";
import type { CallOptions } from "./options.ts";
import { resumeMs } from "./resume.ts";
import { pauseMs } from "./retry.ts";
import { pause } from "./time.ts";
import type { Transport } from "./transport.ts";
import type { JobMessage } from "./types.ts";

/** Options of a watch. `maxRetries` is for lost connections in a row, 20 by default. */
export interface WatchOptions extends Omit<CallOptions, "totalTimeoutMs" | "idempotencyKey"> {
  /** The id of the last event that is known already; those after it come. */
  readonly lastEventId?: string | undefined;
  /** After how many milliseconds without a byte the connection counts as lost. The service sends one every 15 s. Default 45,000. */
  readonly idleMs?: number | undefined;
  /** Called with the reason if the connection is lost, and with undefined when there is one again. */
  readonly onConnection?: ((lost: Error | undefined) => void) | undefined;
}

const IDLE_MS = 45_000;
const LOST_IN_A_ROW = 20;
/** Far above those of any event. */
const MAX_EVENT_CHARACTERS = 32 * 1024 * 1024;

/**
 * A job's events until nothing can follow. A connection that ends is made again, with the last event's id.
 *
 * @param isOver asks whether the job is over
 */
export async function* watch(
  transport: Transport,
  path: string,
  isOver: () => Promise<boolean>,
  options: WatchOptions,
): AsyncGenerator<JobMessage> {
  const { signal, timeoutMs, idleMs = IDLE_MS, maxRetries = LOST_IN_A_ROW, onConnection } = options;
  let last = options.lastEventId;
  let wasOver = false;
  let lost = 0;
  let isLost = false;
  for (;;) {
    let came = 0;
    let waitMs: number;
    try {
      const headers = last === undefined ? {} : { "last-event-id": last };
      const request = { method: "GET", path, headers } as const;
      const response = await transport.open(request, "text/event-stream", { signal, timeoutMs, maxRetries: 0 });
      if (isLost) onConnection?.(undefined);
      isLost = false;
      for await (const message of messagesOf(response, idleMs, signal)) {
        came += 1;
        lost = 0;
        if (message.id !== undefined) last = message.id;
        yield asJobMessage(message);
      }
      // The service ends the stream after the last event; so does something between us that shuts down.
      if (wasOver && came === 0) return;
      wasOver = await isOver();
      if (wasOver) continue;
      waitMs = pauseMs(transport.settings.firstPauseMs, lost, Math.random(), undefined);
    } catch (error) {
      waitMs = resumeMs(error, lost, maxRetries, transport.settings);
      if (!isLost && error instanceof Error) onConnection?.(error);
      isLost = true;
    }
    await pause(waitMs, signal);
    lost += 1;
  }
}

async function* messagesOf(
  response: Response,
  idleMs: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<EventSourceMessage> {
  let waiting: EventSourceMessage[] = [];
  let isTooLong = false;
  const parser = createParser({
    onEvent: (message) => waiting.push(message),
    onError: ({ type }) => {
      isTooLong ||= type === "max-buffer-size-exceeded";
    },
    maxBufferSize: MAX_EVENT_CHARACTERS,
  });
  const decoder = new TextDecoder();
  for await (const chunk of chunksOf(response, idleMs, signal)) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    if (isTooLong) throw new MeetbotResponseError(200, `an event has more than ${MAX_EVENT_CHARACTERS} characters`);
    const complete = waiting;
    waiting = [];
    yield* complete;
  }
}

function asJobMessage({ id, event, data }: EventSourceMessage): JobMessage {
  const content = parsed(data);
  // A job event is in its envelope, which has its name. The line of a session event has its type in it.
  const isEnvelope = typeof content === "object" && content !== null && "event" in content;
  return (isEnvelope ? { id: id ?? null, ...content } : { id: id ?? null, event, data: content }) as JobMessage;
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    throw new MeetbotResponseError(200, "an event of the stream is not valid JSON");
  }
}
