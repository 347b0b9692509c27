/**
 * All times of day on the page are those of whoever looks at it, and each names its zone, so that two people who compare
 * them see why they differ.
 */
const SHOWN: Intl.DateTimeFormatOptions = {
  year: "numeric",
  month: "long",
  day: "numeric",
  hour: "numeric",
  minute: "2-digit",
  timeZoneName: "short",
};

export function wallClock(date: Date): string {
  // A stranger's time stamp may be of no day that there is.
  return Number.isNaN(date.getTime()) ? "" : new Intl.DateTimeFormat("en-GB", SHOWN).format(date);
}
