import { VoiceOpcodes } from "discord-api-types/voice/v8";
import * as z from "zod";
import { messageOf } from "../../errors.ts";

/**
 * Checks the voice gateway's JSON messages before @discordjs/voice reads them: it throws on malformed ones, partly in
 * timers, where nothing can catch the error. https://discord.com/developers/docs/topics/voice-connections
 */

const SECRET_KEY_BYTES = 32;
/** Node's timers fire at once beyond this. */
const MAX_TIMER_MS = 2 ** 31 - 1;

const uint16 = z.int().min(0).max(0xffff);
const byte = z.int().min(0).max(0xff);

const DATA: Partial<Record<number, z.ZodType>> = {
  [VoiceOpcodes.Hello]: z.object({ heartbeat_interval: z.number().min(1).max(MAX_TIMER_MS) }),
  [VoiceOpcodes.Ready]: z.object({
    ssrc: z.int().min(0).max(0xffff_ffff),
    ip: z.string().min(1),
    port: uint16.min(1),
    modes: z.array(z.string()),
  }),
  [VoiceOpcodes.SessionDescription]: z.object({
    mode: z.string(),
    secret_key: z.array(byte).length(SECRET_KEY_BYTES),
    dave_protocol_version: uint16.optional(),
  }),
  [VoiceOpcodes.ClientsConnect]: z.object({ user_ids: z.array(z.string()) }),
  [VoiceOpcodes.ClientDisconnect]: z.object({ user_id: z.string() }),
  [VoiceOpcodes.DavePrepareTransition]: z.object({ transition_id: uint16, protocol_version: uint16 }),
  [VoiceOpcodes.DaveExecuteTransition]: z.object({ transition_id: uint16 }),
  [VoiceOpcodes.DavePrepareEpoch]: z.object({ protocol_version: uint16, epoch: z.int().min(0) }),
};

const message = z.object({ op: byte, d: z.unknown() });

/** The problem of a JSON message; undefined if the library can read it. */
export function voiceMessageTrouble(text: string): string | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return messageOf(error);
  }
  const head = message.safeParse(parsed);
  if (!head.success) return "no opcode";
  const { op, d } = head.data;
  const data = DATA[op]?.safeParse(d);
  if (data === undefined || data.success) return undefined;
  const fields = data.error.issues.map(({ path }) => path.join(".")).filter((field) => field !== "");
  return `opcode ${op}${fields.length === 0 ? "" : `: ${fields.join(", ")}`}`;
}
