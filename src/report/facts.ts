import { endSentence } from "../session/exit.ts";
import type { Manifest } from "../session/manifest.ts";
import { counted } from "../text/counted.ts";
import type { PageFact } from "./page-data.ts";

/** The facts about a recording as a whole, in words for people. The browser formats times. */
export function factsOf(manifest: Manifest): PageFact[] {
  const { channel, guild, exitReason, exitDetail, tracks, e2ee, software } = manifest;
  const lost = sumOf(tracks, ({ packets }) => packets.lost);
  const received = sumOf(tracks, ({ packets }) => packets.received);
  const bytes = sumOf(tracks, (track) => track.bytes);
  return [
    ["Channel", `${channel.name} in ${guild.name}`],
    ["Length", inWords(manifest.durationSeconds)],
    ["Why it ended", endSentence({ exitReason, detail: exitDetail })],
    ["People", peopleInWords(manifest)],
    ["Audio", tracks.length === 0 ? "none" : `${counted(tracks.length, "file")}, ${megabytes(bytes)}`],
    ...(received === 0 ? [] : [["Lost on the way", lostInWords(lost, received)] as const]),
    ["End-to-end encryption", e2ee.daveProtocolVersion === 0 ? "no" : "yes"],
    ["Recorded by", `${software.name} ${software.version}`],
  ];
}

/** Numbers and codes for operators. */
export function technicalFactsOf(manifest: Manifest): PageFact[] {
  const { jobId, externalId, exitReason, failureCode, datagrams, e2ee, tracks } = manifest;
  const dropped = Object.entries(datagrams.dropped).filter(([, n]) => n > 0);
  const lost = sumOf(tracks, ({ packets }) => packets.lost);
  const received = sumOf(tracks, ({ packets }) => packets.received);
  return [
    ["Job", externalId === null ? jobId : `${jobId} (${externalId})`],
    ["Exit reason", exitReason],
    ...(failureCode === null ? [] : [["Failure code", failureCode] as const]),
    ["Packets", `${received} received, ${lost} lost`],
    ["Datagrams", `${datagrams.received} arrived, ${datagrams.written} written`],
    ...(dropped.length === 0
      ? []
      : [["Dropped", dropped.map(([fate, n]) => `${n} ${fate.replaceAll("_", " ")}`).join(", ")] as const]),
    [
      "DAVE",
      e2ee.daveProtocolVersion === 0 ? "off" : `version ${e2ee.daveProtocolVersion}, ${counted(e2ee.epochs, "epoch")}`,
    ],
  ];
}

const GAP_REASONS: Readonly<Record<Manifest["gaps"][number]["reason"], string>> = {
  reconnect: "the connection was lost",
  unheard: "what was said could not be heard",
  paused: "the recording was paused",
  stopped: "the recording was stopped",
};

/** The reason for a gap, in words. */
export function gapInWords(reason: keyof typeof GAP_REASONS): string {
  return GAP_REASONS[reason];
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** 1 person, 2 people */
export function people(n: number): string {
  return n === 1 ? "1 person" : `${n} people`;
}

function peopleInWords({ participants, speakers }: Manifest): string {
  const bots = participants.filter(({ bot }) => bot).length;
  const here = `${people(participants.length - bots)}${bots === 0 ? "" : ` and ${counted(bots, "bot")}`}`;
  if (participants.length === 0) return "nobody";
  return `${here}; ${speakers.length === 0 ? "nobody" : `${speakers.length} of them`} spoke`;
}

/** Packets have equal length, so their share equals that of the sound. */
function lostInWords(lost: number, received: number): string {
  return lost === 0 ? "nothing" : `${((100 * lost) / (lost + received)).toFixed(2)} % of the sound`;
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

function sumOf(tracks: Manifest["tracks"], pick: (track: Manifest["tracks"][number]) => number): number {
  return tracks.reduce((sum, track) => sum + pick(track), 0);
}
