import type { Person, VoiceFlags } from "../../src/session/shapes.ts";

export const FLAGS: VoiceFlags = {
  selfMute: false,
  selfDeaf: false,
  serverMute: false,
  serverDeaf: false,
  streaming: false,
  video: false,
  suppressed: false,
};

/** @param index one digit, which makes the id */
export function somebody(index: number, bot = false): Person {
  return { id: `20000000000000000${index}`, username: `user${index}`, displayName: `User ${index}`, bot };
}
