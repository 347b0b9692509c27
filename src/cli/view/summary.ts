import { whyEmpty } from "../../report/why-empty.ts";
import { endSentence } from "../../session/exit.ts";
import type { Manifest } from "../../session/manifest.ts";
import { counted } from "../../text/counted.ts";
import { printable } from "../../text/safe-text.ts";
import { table } from "./table.ts";

/** A summary of a recording for a person, in some lines of text. */
export function summarize(manifest: Manifest): string {
  const { guild, channel, durationSeconds, exitReason, exitDetail, tracks, datagrams, e2ee } = manifest;
  const lost = tracks.reduce((sum, track) => sum + track.packets.lost, 0);
  const dropped = Object.entries(datagrams.dropped).filter(([, count]) => count > 0);
  const encryption =
    e2ee.daveProtocolVersion > 0 ? `DAVE ${e2ee.daveProtocolVersion}, ${counted(e2ee.epochs, "epoch")}` : "none";
  const empty = whyEmpty(manifest);
  return [
    `${printable(channel.name)} in ${printable(guild.name)}, ${clock(durationSeconds)} long`,
    `ended: ${printable(endSentence({ exitReason, detail: exitDetail }))} (${exitReason})`,
    "",
    ...(empty === undefined ? speakerTable(manifest) : [empty]),
    "",
    `packets: ${datagrams.written} written, ${lost} lost${dropped.map(([fate, n]) => `, ${n} ${fate}`).join("")}`,
    `end-to-end encryption: ${encryption}`,
    ...(manifest.chatEvents === undefined ? [] : [`chat: ${counted(manifest.chatEvents, "event")}`]),
    ...manifest.gaps.map((gap) => `gap: ${clock(gap.startMs / 1_000)} to ${clock(gap.endMs / 1_000)} (${gap.reason})`),
    ...manifest.warnings.map((warning) => `warning: ${printable(warning.text)}`),
  ].join("\n");
}

function speakerTable({ participants, tracks, speakers }: Manifest): string[] {
  const rows = speakers.map(({ id, displayName }) => {
    const person = participants.find((participant) => participant.id === id);
    const own = tracks.filter((track) => track.speakerId === id);
    const sum = (pick: (track: Manifest["tracks"][number]) => number) => own.reduce((total, t) => total + pick(t), 0);
    return [
      person?.speakerLabel ?? "",
      printable(displayName),
      `${((person?.talkTimeMs ?? 0) / 1_000).toFixed(1)} s`,
      String(own.length),
      String(sum((track) => track.packets.received)),
      String(sum((track) => track.packets.lost)),
      `${(sum((track) => track.bytes) / 1_024).toFixed(1)} KiB`,
    ];
  });
  return table([["", "speaker", "spoke", "files", "packets", "lost", "size"], ...rows], 2);
}

function clock(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${(seconds - minutes * 60).toFixed(1).padStart(4, "0")}`;
}
