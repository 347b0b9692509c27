import { isSilencePacket } from "../../audio/opus-packet.ts";
import { isDaveFrame } from "./dave-frame.ts";

/**
 * Decrypts Discord's end-to-end encrypted audio (DAVE protocol, "Frame Encryption") with the davey session directly.
 * The wrapper in @discordjs/voice counts failures over all speakers, re-initialises everyone after 36 in a row, and
 * returns its input while it has no key.
 */

/** The part of `@snazzah/davey`'s session that we use. */
export interface DaveySession {
  readonly ready: boolean;
  readonly epoch: bigint | null;
  getUserIds(): string[];
  decrypt(userId: string, mediaType: number, packet: Buffer): Buffer;
}

/** The end-to-end state of a voice connection; absent until the session description arrives. */
export interface DaveState {
  readonly protocolVersion: number;
  readonly session: DaveySession | undefined;
  /** Left sessions, newest first. Senders keep those keys until the new group's transition is executed. */
  readonly former: readonly DaveySession[];
}

export type DecryptResult =
  | { readonly kind: "opened"; readonly opus: Buffer }
  /** Not encrypted in an encrypted call: the sender is late with an upgrade, or has no key. */
  | { readonly kind: "in_the_clear"; readonly opus: Buffer }
  /** No key yet: the group is being joined. */
  | { readonly kind: "not_ready" }
  /** None of the speaker's keys open it. */
  | { readonly kind: "refused" };

const MEDIA_TYPE_AUDIO = 0;
const REFUSED: DecryptResult = { kind: "refused" };
const NOT_READY: DecryptResult = { kind: "not_ready" };

/** Opens a payload sent by `userId`. Never throws, and never returns ciphertext as Opus. */
export function openFrame(dave: DaveState | undefined, userId: string, payload: Buffer): DecryptResult {
  // Clients send comfort silence unencrypted, and so does the server on behalf of people who left.
  if (isSilencePacket(payload)) return { kind: "opened", opus: payload };
  if (!isDaveFrame(payload)) {
    // davey's pass-through mode is not used, because the library never ends it. The caller decides if the frame is
    // accepted.
    const isVersion0 = dave === undefined || dave.protocolVersion === 0;
    return { kind: isVersion0 ? "opened" : "in_the_clear", opus: payload };
  }
  if (dave === undefined) return REFUSED;
  for (const session of sessionsOf(dave)) {
    const opus = tryKey(session, userId, payload);
    if (opus !== undefined) return { kind: "opened", opus };
  }
  const isJoining = dave.protocolVersion !== 0 && dave.session?.ready !== true;
  return isJoining ? NOT_READY : REFUSED;
}

/** Finds the member whose key opens the payload; the key proves who sent it. */
export function findSender(
  dave: DaveState | undefined,
  payload: Buffer,
  candidates: Iterable<string>,
): { readonly userId: string; readonly opus: Buffer } | undefined {
  if (dave === undefined || !isDaveFrame(payload)) return undefined;
  const groups = sessionsOf(dave).map((session) => ({ session, members: new Set(session.getUserIds()) }));
  for (const userId of candidates) {
    for (const { session, members } of groups) {
      const opus = members.has(userId) ? tryKey(session, userId, payload) : undefined;
      if (opus !== undefined) return { userId, opus };
    }
  }
  return undefined;
}

/** The sessions that have keys, the newest first. */
function sessionsOf({ session, former }: DaveState): readonly DaveySession[] {
  return session?.ready ? [session, ...former] : former;
}

function tryKey(session: DaveySession, userId: string, payload: Buffer): Buffer | undefined {
  let opus: Buffer;
  try {
    opus = session.decrypt(userId, MEDIA_TYPE_AUDIO, payload);
  } catch {
    // davey throws for a wrong key, a replay, a damaged frame and an unknown member alike. The caller counts it.
    return undefined;
  }
  // In pass-through mode davey gives back what it cannot parse. A payload that kept its length was not opened, and if it
  // is a frame of the encrypted call, it is ciphertext.
  return opus.length === payload.length && isDaveFrame(opus) ? undefined : opus;
}
