import { mayBeFill } from "../../audio/ogg/ogg-check.ts";
import { planOggRepair } from "../../audio/ogg/ogg-repair.ts";
import { samplesToMs } from "../../audio/opus-packet.ts";
import { carriesSound } from "../../audio/silence.ts";
import { PART_TAGS } from "../../session/job-files.ts";
import type { JobJournal } from "../job/job-journal.ts";
import type { Spool, SpooledFile } from "../ports/spool.ts";
import { noPackets } from "./part.ts";
import { Talkspurts } from "./talkspurts.ts";

/**
 * Repairs a part that a kill or a full disk cut off, and records it as finished. Audio that had not reached a page is
 * lost: at most the last second. If the pages hold no audio at all, the file is removed.
 *
 * @returns undefined if the file was removed
 */
export async function repairPart(journal: JobJournal, spool: Spool, name: string): Promise<SpooledFile | undefined> {
  const plan = planOggRepair((await spool.read(name)) ?? Buffer.alloc(0));
  const userId = plan?.tags.get(PART_TAGS.userId);
  const number = Number(plan?.tags.get(PART_TAGS.number));
  const startMs = Number(plan?.tags.get(PART_TAGS.startOffsetMs));
  if (plan === undefined || userId === undefined || Number.isNaN(number + startMs)) {
    await spool.remove(name);
    return undefined;
  }
  const startSamples = Math.round(startMs * 48);
  const { path, ...file } = await spool.cut(name, plan.keepBytes, plan.lastPage);
  const spurts = new Talkspurts();
  // The talkspurt may have begun in the previous part.
  const open = journal.record.openTalkspurt(userId);
  if (open !== undefined) spurts.sound(open.start, open.end - open.start);
  const heardMs = journal.record.latestTalkMs(userId);
  const noteTalkspurt = (spurt: ReturnType<Talkspurts["endBefore"]>): void => {
    if (spurt === undefined || samplesToMs(spurt.end) <= heardMs) return;
    const [atMs, endMs] = [spurt.start, spurt.end].map(samplesToMs);
    journal.event({ type: "talkspurt", atMs: Math.max(atMs ?? 0, heardMs), endMs: endMs ?? 0, speakerId: userId });
  };
  let talkSamples = 0;
  for (const { opus, positionSamples, durationSamples } of plan.packets) {
    if (!carriesSound(opus)) continue;
    talkSamples += durationSamples;
    noteTalkspurt(spurts.sound(startSamples + positionSamples, durationSamples));
  }
  noteTalkspurt(spurts.endBefore(Number.POSITIVE_INFINITY));
  const { durationSamples } = plan;
  const atMs = samplesToMs(startSamples);
  const endMs = samplesToMs(startSamples + durationSamples);
  journal.event({ type: "part.close", atMs, endMs, speakerId: userId, file: name });
  const packets = { ...noPackets(), received: plan.packets.filter((packet) => !mayBeFill(packet)).length };
  const part = { userId, number, startSamples, durationSamples, packets, talkSamples, file };
  journal.note({ type: "part", ...part, repaired: true });
  return { path, ...file };
}
