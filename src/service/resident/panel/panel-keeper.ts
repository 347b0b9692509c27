import type { Log } from "../../../log.ts";
import { CONSENT_MODES, type ConsentMode } from "../../../session/consent.ts";
import { manifestSchema } from "../../../session/manifest.ts";
import { isOver, type JobRow } from "../../domain/job-row.ts";
import type { JobStore } from "../../ports/jobs.ts";
import { type Recordings, StorageUnavailableError } from "../../ports/recordings.ts";
import type { CallWithJob, ResidentStore } from "../../ports/resident.ts";
import type { Answer } from "../commands/request.ts";
import type { PostedMessage, Unwritten } from "../discord/discord-messages.ts";
import { readGuildSettings } from "../domain/guild-settings.ts";
import { panelOf } from "../domain/panel-state.ts";
import { PANEL_WORDS } from "../domain/panel-words.ts";

export interface PanelKeeperOptions {
  readonly store: Pick<JobStore, "onJobChange"> & {
    readonly resident: Pick<ResidentStore, "call" | "guild" | "openCalls" | "setPanel" | "markPanelEnded">;
  };
  readonly messages: {
    post(channelId: string, answer: Answer): Promise<({ readonly kind: "posted" } & PostedMessage) | Unwritten>;
    edit(posted: PostedMessage, answer: Answer): Promise<{ readonly kind: "edited" } | Unwritten>;
  };
  readonly recordings: Pick<Recordings, "open">;
  /** The bot whose messages the panels are. */
  readonly ownBotId: string;
  readonly clock: { now(): number };
  /** Calls `action` once after so many milliseconds. @returns a function that prevents it */
  readonly after: (delayMs: number, action: () => void) => () => void;
  readonly log: Log;
}

/** Discord allows five edits of a channel's messages in five seconds, for all panels in it. */
const EDIT_PAUSE_MS = 5_000;
const RETRY_MS = 15_000;

interface Kept {
  /** Undefined if it has not been edited since the start. */
  readonly shown: string | undefined;
  readonly editedAt: number;
}

/** Keeps the panels of calls true: edits them when their jobs change, and posts those again that were deleted. */
export class PanelKeeper {
  readonly #options: PanelKeeperOptions;
  readonly #kept = new Map<string, Kept>();
  readonly #planned = new Map<string, () => void>();
  readonly #running = new Map<string, Promise<void>>();
  #unsubscribe: () => void = () => undefined;
  #isStopped = false;

  constructor(options: PanelKeeperOptions) {
    this.#options = options;
  }

  /** Also finds the panels of an earlier service. */
  async start(): Promise<void> {
    const { store } = this.#options;
    this.#unsubscribe = store.onJobChange((jobId) => this.changed(jobId));
    for (const { job } of await store.resident.openCalls()) this.changed(job.id);
  }

  /** Looks at a call's panel soon, once for all changes until then. */
  changed(jobId: string): void {
    const { editedAt = 0 } = this.#kept.get(jobId) ?? {};
    this.#plan(jobId, Math.max(0, editedAt + EDIT_PAUSE_MS - this.#options.clock.now()));
  }

  /** Panels stay as they are. Idempotent. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#unsubscribe();
    for (const cancel of this.#planned.values()) cancel();
    this.#planned.clear();
    await Promise.all(this.#running.values());
  }

  #plan(jobId: string, delayMs: number): void {
    if (this.#planned.has(jobId) || this.#isStopped) return;
    const cancel = this.#options.after(delayMs, () => {
      this.#planned.delete(jobId);
      const earlier = this.#running.get(jobId) ?? Promise.resolve();
      const task = earlier.then(async () => await this.#refresh(jobId));
      this.#running.set(jobId, task);
      void task.finally(() => {
        if (this.#running.get(jobId) === task) this.#running.delete(jobId);
      });
    });
    this.#planned.set(jobId, cancel);
  }

  async #refresh(jobId: string): Promise<void> {
    try {
      const row = await this.#options.store.resident.call(jobId);
      if (row === undefined || row.call.panelEndedAt !== null) return;
      await this.#show(row);
    } catch (error) {
      this.#options.log.warn({ err: error, jobId }, "a panel could not be brought up to date; it is tried again");
      this.#plan(jobId, RETRY_MS);
    }
  }

  async #show(row: CallWithJob): Promise<void> {
    const { clock, log } = this.#options;
    const { call, job } = row;
    const isLast = isOver(job.status);
    if (call.panelMessageId === null || call.panelChannelId === null) {
      // It could not be posted.
      if (isLast) await this.#ended(job.id);
      return;
    }
    const message = await this.#messageOf(row);
    const text = JSON.stringify(message);
    const kept = this.#kept.get(job.id);
    if (kept?.shown === text && !isLast) return;
    this.#kept.set(job.id, { shown: text, editedAt: clock.now() });
    const posted = { channelId: call.panelChannelId, messageId: call.panelMessageId };
    const result = await this.#options.messages.edit(posted, message);
    switch (result.kind) {
      case "edited":
        if (isLast) await this.#ended(job.id);
        return;
      case "gone":
        if (isLast) return await this.#ended(job.id);
        return await this.#postAgain(job.id, posted.channelId, message);
      case "refused":
        log.info({ jobId: job.id, why: result.why }, "a panel could not be edited");
        if (isLast) await this.#ended(job.id);
        return;
      case "later":
        this.#kept.set(job.id, { shown: undefined, editedAt: clock.now() });
        this.#plan(job.id, RETRY_MS);
    }
  }

  async #postAgain(jobId: string, channelId: string, message: Answer): Promise<void> {
    const posted = await this.#options.messages.post(channelId, message);
    const messageId = posted.kind === "posted" ? posted.messageId : null;
    await this.#options.store.resident.setPanel(jobId, { channelId, messageId });
  }

  async #ended(jobId: string): Promise<void> {
    this.#kept.delete(jobId);
    await this.#options.store.resident.markPanelEnded(jobId, this.#options.clock.now());
  }

  async #messageOf({ call, job }: CallWithJob): Promise<Answer> {
    const settings = readGuildSettings((await this.#options.store.resident.guild(call.guildId))?.settingsJson ?? null);
    const { jobId, title, voiceChannelId, startedBy } = call;
    const { status, paused, stopped, startedAt, durationSeconds } = job;
    const hasRecording = isOver(status) && job.manifestUri !== null && job.deletedAt === null;
    const message = panelOf({
      ...{ jobId, title, voiceChannelId, startedBy, status, paused, stopped, startedAt, durationSeconds },
      language: settings.language,
      end: job.failureDetail,
      speakerIds: hasRecording ? await this.#speakersOf(job) : [],
      notes: 0,
      link: null,
      notice: job.botId === this.#options.ownBotId ? { consent: consentOf(job), withChat: false } : null,
    });
    if (!hasRecording) return message;
    // Everybody in the channel sees the panel, and not everybody may have the recording: the answer is for who presses.
    const open = { id: `record:open:${jobId}`, label: PANEL_WORDS[settings.language].open, style: "primary" } as const;
    return { ...message, rows: [[open]] };
  }

  async #speakersOf(job: JobRow): Promise<readonly string[]> {
    try {
      const opened = await this.#options.recordings.open(job);
      return manifestSchema.safeParse(opened?.manifest).data?.speakers.map(({ id }) => id) ?? [];
    } catch (error) {
      if (error instanceof StorageUnavailableError) return [];
      throw error;
    }
  }
}

function consentOf({ settingsJson }: JobRow): ConsentMode {
  const { MEETBOT_CONSENT: consent }: { MEETBOT_CONSENT?: unknown } = JSON.parse(settingsJson);
  return CONSENT_MODES.find((mode) => mode === consent) ?? "notice";
}
