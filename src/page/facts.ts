import type { Manifest } from "../session/manifest.ts";

/** What a report says of a recording as a whole, beside its speakers. */
export function factsOf(manifest: Manifest): (readonly [name: string, text: string])[] {
  const { channel, guild, jobId, externalId, startedAt, endedAt, durationSeconds } = manifest;
  const { exitReason, exitDetail, failureCode, tracks, datagrams, e2ee, participants, speakers, software } = manifest;
  const sum = (pick: (track: Manifest["tracks"][number]) => number) => tracks.reduce((all, one) => all + pick(one), 0);
  const lost = sum(({ packets }) => packets.lost);
  const received = sum(({ packets }) => packets.received);
  const dropped = Object.entries(datagrams.dropped).filter(([, count]) => count > 0);
  const people = participants.filter(({ bot }) => !bot).length;
  return [
    ["Channel", `${channel.name} in ${guild.name}`],
    ["Started", utc(startedAt)],
    ["Ended", utc(endedAt)],
    ["Length", inWords(durationSeconds)],
    ["Why it ended", `${exitDetail} (${exitReason})`],
    ...(failureCode === null ? [] : [["Failure", failureCode] as const]),
    ["People", `${people}, and ${count(participants.length - people, "bot")}; ${speakers.length} of them were heard`],
    ["Audio", `${count(tracks.length, "file")}, ${megabytes(sum(({ bytes }) => bytes))}`],
    ["Packets", `${received} received, ${lost} lost${lost === 0 ? "" : ` (${percent(lost, lost + received)})`}`],
    ["Datagrams", `${datagrams.received} arrived, ${datagrams.written} written`],
    ...(dropped.length === 0
      ? []
      : [["Dropped", dropped.map(([fate, n]) => `${n} ${fate.replaceAll("_", " ")}`).join(", ")] as const]),
    [
      "End-to-end encryption",
      e2ee.daveProtocolVersion === 0 ? "none" : `DAVE ${e2ee.daveProtocolVersion}, ${count(e2ee.epochs, "epoch")}`,
    ],
    ["Job", externalId === null ? jobId : `${jobId} (${externalId})`],
    ["Recorded by", `${software.name} ${software.version}`],
  ];
}

const GAP_REASONS: Readonly<Record<Manifest["gaps"][number]["reason"], string>> = {
  reconnect: "the connection was away",
  unheard: "what was said could not be heard",
  paused: "the recording was paused",
  stopped: "the recording was stopped",
};

/** Why nothing is there, in words. */
export function gapInWords(reason: keyof typeof GAP_REASONS): string {
  return GAP_REASONS[reason];
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** ISO 8601 as people write it, to the second. */
function utc(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}

function inWords(seconds: number): string {
  const whole = Math.round(seconds);
  const parts = [
    [Math.floor(whole / 3_600), "h"],
    [Math.floor((whole % 3_600) / 60), "min"],
    [whole % 60, "s"],
  ] as const;
  return parts
    .filter(([amount, unit]) => amount > 0 || unit === "s")
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(" ");
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(2)} %`;
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}
