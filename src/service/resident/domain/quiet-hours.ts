import * as z from "zod";

/** Times of day in which no rule starts a call. Pure; instants are epoch milliseconds. */

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
/** No zone changes its clocks by more than this at once, except for moves over the date line. */
const MAX_SHIFT_MINUTES = 180;

/** An IANA name that this Node knows. */
export const timeZone = z.string().max(64).refine(isTimeZone, 'expected a time zone such as "Europe/Berlin"');

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "expected a time of day such as 22:30");

/** From the first time to the second, over midnight if the second is earlier. */
export const quietHours = z
  .object({ from: timeOfDay, to: timeOfDay, timeZone })
  .refine(({ from, to }) => from !== to, "expected two different times");

export type QuietHours = Readonly<z.output<typeof quietHours>>;

/** Whether the clocks of the zone show a time within the hours. */
export function isQuiet({ from, to, timeZone: zone }: QuietHours, at: number): boolean {
  const [first, end, now] = [minutesOf(from), minutesOf(to), localMinutes(at, zone)];
  return first < end ? first <= now && now < end : first <= now || now < end;
}

/**
 * The next minute after `at` that is not quiet. Days on which the clocks change have it earlier or later, as their
 * clocks show it.
 *
 * @param at a quiet moment
 */
export function quietUntil(hours: QuietHours, at: number): number {
  const minute = Math.floor(at / MINUTE_MS) * MINUTE_MS;
  const ahead = (minutesOf(hours.to) - localMinutes(at, hours.timeZone) + DAY_MINUTES) % DAY_MINUTES;
  // Right unless the clocks change before. Then the end is at most one change away.
  const first = Math.max(1, ahead - MAX_SHIFT_MINUTES);
  for (let minutes = first; minutes <= ahead + MAX_SHIFT_MINUTES; minutes += 1) {
    const then = minute + minutes * MINUTE_MS;
    if (!isQuiet(hours, then)) return then;
  }
  return minute + ahead * MINUTE_MS;
}

/** The date and time that the zone's clocks show, as `2026-11-30` and `20:15`. */
export function localTime(at: number, zone: string): { readonly date: string; readonly time: string } {
  const parts = new Map(
    formatOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? "";
  return {
    date: `${part("year")}-${part("month")}-${part("day")}`,
    time: `${part("hour")}:${part("minute")}`,
  };
}

function localMinutes(at: number, zone: string): number {
  return minutesOf(localTime(at, zone).time);
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  return hours * 60 + minutes;
}

/** Making a format takes longer than all else here. */
const FORMATS = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = FORMATS.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("en-GB", {
    ...{ timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" },
    hourCycle: "h23",
  });
  FORMATS.set(zone, format);
  return format;
}

function isTimeZone(zone: string): boolean {
  try {
    return formatOf(zone) !== undefined;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
