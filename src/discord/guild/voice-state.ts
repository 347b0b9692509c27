import { snowflake } from "../../session/forms.ts";

/**
 * Whether a voice state says who it is about and where they are. One without a channel's id would otherwise count as a
 * departure, and the departure of everybody ends the call.
 */
export function saysWhere(state: { readonly user_id: unknown; readonly channel_id: unknown }): boolean {
  return isId(state.user_id) && (state.channel_id === null || isId(state.channel_id));
}

/** @throws TypeError if it does not; then the dispatch is left out with a warning */
export function expectWhere(state: { readonly user_id: unknown; readonly channel_id: unknown }): void {
  if (!saysWhere(state)) throw new TypeError("a voice state of an unknown shape");
}

function isId(value: unknown): boolean {
  return snowflake.safeParse(value).success;
}
