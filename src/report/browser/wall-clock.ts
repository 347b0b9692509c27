/**
 * All times of day on the page are in the viewer's time zone, and each names the zone, so two people who compare them
 * see why they differ.
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
  // A stranger's timestamp may be an impossible date.
  return Number.isNaN(date.getTime()) ? "" : new Intl.DateTimeFormat("en-GB", SHOWN).format(date);
}
