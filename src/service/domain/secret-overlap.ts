/** For how long the webhook secret before is valid next to a new one. */

/** Every event is attempted for 24 hours, and receivers can be changed meanwhile. */
export const DEFAULT_OVERLAP_HOURS = 24;
export const MAX_OVERLAP_HOURS = 168;

/** Why a rotation is refused. @param until a time in the form of RFC 3339 */
export function overlapText(until: string): string {
  return `two webhook secrets of this key are valid until ${until}; wait until then, or replace both with an overlap of 0 hours`;
}
