import { GatewayDispatchEvents, GatewayOpcodes } from "discord-api-types/v10";
import * as z from "zod";

/**
 * Checks the main gateway's messages before @discordjs/ws reads them: it throws on a malformed one where nothing can catch
 * the error. https://discord.com/developers/docs/events/gateway
 */

/**
 * The limit for the objects, lists and fields in one message: a small object takes 3 bytes in a message and 60 in memory.
 * The state of a guild with 9,000 people in voice has about 400,000.
 */
export const MAX_MESSAGE_VALUES = 500_000;
/** No shorter message can use much memory. */
const UNCOUNTED_CHARACTERS = 262_144;
/** Each of these begins or follows a value: `{`, `[` and `,`. */
const VALUE_MARKS: ReadonlySet<number> = new Set([0x7b, 0x5b, 0x2c]);

/** Whether a message has more values than may be read. It is asked before the message is parsed. */
export function hasTooManyValues(json: unknown): boolean {
  if (typeof json !== "string" || json.length < UNCOUNTED_CHARACTERS) return false;
  let values = 0;
  for (let at = 0; at < json.length; at += 1) if (VALUE_MARKS.has(json.charCodeAt(at))) values += 1;
  return values > MAX_MESSAGE_VALUES;
}

/** Node's timers fire at once beyond this. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The name of a dispatch. An event emitter throws on one called `error` without a listener. */
const kindForm = z.string().regex(/^[A-Z_]+$/);
const dispatch = z.object({ t: kindForm, s: z.int().min(0) });
const hello = z.object({ heartbeat_interval: z.number().min(1).max(MAX_TIMER_MS) });
const ready = z.object({
  session_id: z.string().min(1),
  resume_gateway_url: z.string().refine((url) => URL.canParse(url)),
  user: z.object({ id: z.string() }),
  application: z.object({ id: z.string() }),
  guilds: z.array(z.object({ id: z.string() })),
});

/** @returns the message that the library may read, or the kind of a message that it must not read */
export function readableMessage(message: unknown): { readonly message: unknown } | { readonly malformed: string } {
  if (typeof message !== "object" || message === null) return { malformed: "message" };
  const { op, t, d }: { op?: unknown; t?: unknown; d?: unknown } = message;
  switch (op) {
    case GatewayOpcodes.Hello:
      return hello.safeParse(d).success ? { message } : { malformed: "HELLO" };
    case GatewayOpcodes.InvalidSession:
      // Only `true` says that the session can be resumed.
      return { message: { ...message, d: d === true } };
    case GatewayOpcodes.Dispatch: {
      if (!dispatch.safeParse(message).success) return { malformed: kindForm.safeParse(t).data ?? "dispatch" };
      if (t !== GatewayDispatchEvents.Ready || ready.safeParse(d).success) return { message };
      return { malformed: t };
    }
    default:
      return { message };
  }
}
