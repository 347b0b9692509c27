import { createHash } from "node:crypto";
import { planOggRepair } from "../../audio/ogg/ogg-repair.ts";
import type { Log } from "../../log.ts";
import { CHAT_FILE, EVENTS_FILE, isPartFile, PART_TAGS, partFileName } from "../../session/job-files.ts";
import { readJsonLines } from "../../session/json-lines.ts";
import { sessionEvent } from "../../session/session-events.ts";
import type { Spool } from "../ports/spool.ts";
import type { Storage } from "../ports/storage.ts";
import { repairPart } from "../tracks/part-repair.ts";
import type { JobJournal } from "./job-journal.ts";
import { noteMissing, WAS_DELETED } from "./stored-files.ts";
import { StoredQuestions } from "./stored-questions.ts";

export interface LostFilesPorts {
  readonly journal: JobJournal;
  readonly spool: Spool;
  readonly storage: Storage;
  readonly log: Log;
}

interface LostFile {
  readonly name: string;
  /** Undefined if only an event names it. */
  readonly bytes?: number;
}

/**
 * Handles what a loss of power or a deletion has taken from a job: lines of its journal, and files that the journal
 * names. Each file is looked up in the storage. A file that is nowhere is recorded as lost, and the rest can be
 * finished.
 */
export class LostFiles {
  readonly #ports: LostFilesPorts;
  readonly #questions: StoredQuestions;

  constructor(ports: LostFilesPorts) {
    this.#ports = ports;
    this.#questions = new StoredQuestions(ports);
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

  /**
   * Looks for each file that the journal names. Files that it lists as stored may have been deleted since.
   *
   * @throws InputError if the folder in which files were stored is gone
   */
  async check(): Promise<void> {
    const { journal, spool } = this.#ports;
    const { record } = journal;
    for (const { file } of [...record.parts, ...[...record.files.values()].map((file) => ({ file }))]) {
      const wasStored = record.stored.has(file.name);
      // The manifest that the storage has is final, even if files are deleted later.
      if (wasStored && (record.finalized || !(await this.#questions.isGone(file.name)))) continue;
      // It is stored again if the spool still has it.
      record.stored.delete(file.name);
      const found = await spool.find(file.name);
      if (found?.sha256 === file.sha256) continue;
      if (!wasStored && (await this.#isStored(file))) journal.note({ type: "stored", name: file.name });
      else if (found !== undefined) await this.#repair(file);
      else if (wasStored) this.#lost(file, WAS_DELETED);
      else this.#lost(file, "is neither in the spool nor in the storage");
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
      else if (isCertain) this.#lost({ name }, "was finished, but is neither in the spool nor in the storage");
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
  async #repair(file: LostFile): Promise<void> {
    const { name } = file;
    const { journal, spool } = this.#ports;
    if (name === EVENTS_FILE || name === CHAT_FILE) {
      // The file is repaired, which drops the damaged part.
      journal.note({ type: "lost", name, reason: `lines of ${name} could not be read, as after a loss of power` });
    } else if (!isPartFile(name)) {
      await spool.remove(name);
      this.#lost(file, "was damaged on the local disk");
    } else if ((await repairPart(journal, spool, name)) === undefined) {
      this.#lost(file, "was damaged on the local disk");
    }
  }

  #lost(file: LostFile, how: string): void {
    noteMissing(this.#ports, file, how);
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
