import { createHash } from "node:crypto";
import { planOggRepair } from "../../audio/ogg/ogg-repair.ts";
import { CHAT_FILE, EVENTS_FILE, isPartFile, PART_TAGS, partFileName } from "../../session/job-files.ts";
import { readJsonLines } from "../../session/json-lines.ts";
import { sessionEvent } from "../../session/session-events.ts";
import type { Spool } from "../ports/spool.ts";
import type { Storage } from "../ports/storage.ts";
import { repairPart } from "../tracks/part-repair.ts";
import type { JobJournal } from "./job-journal.ts";

export interface LostFilesPorts {
  readonly journal: JobJournal;
  readonly spool: Spool;
  readonly storage: Storage;
}

/**
 * Handles what a loss of power or a deletion has taken from a job: lines of its journal, and files that the journal
 * names. Each file is looked up in the storage. A file that is nowhere is recorded as lost, and the rest can be
 * finished.
 */
export class LostFiles {
  readonly #ports: LostFilesPorts;

  constructor(ports: LostFilesPorts) {
    this.#ports = ports;
  }

  /** Restores the line that says when and where the recording began, from the events and the audio. */
  async noteRecording(): Promise<void> {
    const { journal, spool } = this.#ports;
    const { job, recordingStart } = journal.record;
    if (job === undefined || recordingStart !== undefined) return;
    const tags = await this.#tagsOfAPart();
    const events = readJsonLines((await spool.read(EVENTS_FILE)) ?? Buffer.alloc(0), sessionEvent).lines;
    const state = events.find((event) => event.type === "state" && event.status === "recording");
    const startMs =
      state?.type === "state"
        ? Date.parse(state.at) - state.atMs
        : Date.parse(tags?.get("DATE") ?? "") - Number(tags?.get(PART_TAGS.startOffsetMs));
    if (Number.isNaN(startMs)) return;
    const { guildId, channelId } = job;
    const [guildName, channelName] = [tags?.get("DISCORD_GUILD") ?? guildId, tags?.get("DISCORD_CHANNEL") ?? channelId];
    // Finishing a recording does not need the bot's own id.
    const place = { guildId, guildName, channelId, channelName, selfId: "0" };
    journal.note({ type: "recording", startedAt: new Date(startMs).toISOString(), place });
    journal.note({ type: "damaged", lines: 1 });
  }

  /** Looks for each file that the journal names but does not list as stored. */
  async check(): Promise<void> {
    const { journal, spool } = this.#ports;
    const { record } = journal;
    for (const { file } of [...record.parts, ...[...record.files.values()].map((file) => ({ file }))]) {
      if (record.stored.has(file.name)) continue;
      const found = await spool.find(file.name);
      if (found?.sha256 === file.sha256) continue;
      if (await this.#isStored(file)) journal.note({ type: "stored", name: file.name });
      else if (found === undefined) this.#lost(file.name, "is neither in the spool nor in the storage");
      else await this.#repair(file.name);
    }
  }

  /** Fetches parts from the storage whose journal line is gone; their repair writes it again. */
  async bringBack(): Promise<void> {
    const { journal, spool, storage } = this.#ports;
    const known = new Set(journal.record.parts.map(({ file }) => file.name));
    const here = new Set(await spool.names());
    for (const [name, isCertain] of await this.#candidates()) {
      if (known.has(name) || here.has(name) || journal.record.lost.has(name)) continue;
      const bytes = await storage.read(name);
      if (bytes !== undefined) await spool.write(name, bytes);
      else if (isCertain) this.#lost(name, "was finished, but is neither in the spool nor in the storage");
    }
  }

  /** Names of possible parts, and whether an event mentions them. */
  async #candidates(): Promise<Map<string, boolean>> {
    const { journal, spool, storage } = this.#ports;
    const candidates = new Map<string, boolean>();
    const latest = new Map<string, number>();
    for (const { userId, number } of journal.record.parts) {
      latest.set(userId, Math.max(latest.get(userId) ?? 0, number));
    }
    for (const [userId, count] of latest) {
      for (let number = 1; number < count; number += 1) candidates.set(partFileName(userId, number), false);
    }
    const bytes = (await spool.read(EVENTS_FILE)) ?? (await storage.read(EVENTS_FILE)) ?? Buffer.alloc(0);
    for (const event of readJsonLines(bytes, sessionEvent).lines) {
      if (event.type === "part.close") candidates.set(event.file, true);
    }
    return candidates;
  }

  /** The content differs from the journal. For example, zeros may replace data that never reached the disk. */
  async #repair(name: string): Promise<void> {
    const { journal, spool } = this.#ports;
    if (name === EVENTS_FILE || name === CHAT_FILE) {
      // The file is repaired, which drops the damaged part.
      journal.note({ type: "lost", name, reason: `lines of ${name} could not be read, as after a loss of power` });
    } else if (!isPartFile(name)) {
      await spool.remove(name);
      this.#lost(name, "was damaged on the local disk");
    } else if ((await repairPart(journal, spool, name)) === undefined) {
      this.#lost(name, "was damaged on the local disk");
    }
  }

  #lost(name: string, how: string): void {
    this.#ports.journal.note({ type: "lost", name, reason: `${name} ${how}; the recording is finished without it` });
  }

  async #isStored({ name, bytes, sha256 }: { name: string; bytes: number; sha256: string }): Promise<boolean> {
    const stored = await this.#ports.storage.read(name);
    return stored?.length === bytes && createHash("sha256").update(stored).digest("hex") === sha256;
  }

  async #tagsOfAPart(): Promise<ReadonlyMap<string, string> | undefined> {
    const { spool } = this.#ports;
    for (const name of await spool.names()) {
      if (!isPartFile(name)) continue;
      const plan = planOggRepair((await spool.read(name)) ?? Buffer.alloc(0));
      if (plan !== undefined) return plan.tags;
    }
    return undefined;
  }
}
