import { asksPeople } from "../../session/notice-texts.ts";
import { acceptJob } from "../api/jobs/accept-job.ts";
import type { JobRequest } from "../api/schemas/job-request.ts";
import { newJobId } from "../domain/ids.ts";
import type { JobRow } from "../domain/job-row.ts";
import type { Clock } from "../ports/clock.ts";
import type { CreationOptions, JobStore, NewJob } from "../ports/jobs.ts";
import type { KeyRow } from "../ports/keys.ts";
import type { CallOrigin, CallToAdd, ResidentStore } from "../ports/resident.ts";
import type { Sealer } from "../ports/store.ts";
import { type GuildSettings, readGuildSettings } from "./domain/guild-settings.ts";
import { type PanelMessage, panelOf } from "./domain/panel-state.ts";

/** A call that a command or a rule wants to record. */
export interface CallStart {
  readonly guildId: string;
  readonly voiceChannelId: string;
  /** Where the panel is posted; the voice channel's own chat is where the people of the call see it. */
  readonly panelChannelId: string;
  /** The user who gave the command; null for a rule. */
  readonly startedBy: string | null;
  readonly origin: CallOrigin;
  readonly botId: string;
  readonly title: string | null;
  /** A repetition with the same id starts no second call. */
  readonly externalId: string;
  /** How long the bot stays when everybody has left. */
  readonly returnSeconds?: number;
  readonly endMessages: CallToAdd["endMessages"];
}

export type CallStarted =
  | { readonly kind: "started"; readonly job: JobRow; readonly isNew: boolean }
  | { readonly kind: "refused"; readonly why: string };

/** Posts panels with the resident's own bot. */
export interface PanelPoster {
  /** @returns undefined if the message could not be posted; never rejects */
  post(
    channelId: string,
    message: PanelMessage,
  ): Promise<{ readonly channelId: string; readonly messageId: string } | undefined>;
  remove(posted: { readonly channelId: string; readonly messageId: string }): Promise<void>;
}

export interface CallStarterOptions {
  readonly store: Pick<JobStore, "createJob" | "repeatedCreation" | "job"> & {
    readonly resident: Pick<ResidentStore, "guild" | "consents" | "setPanel">;
  };
  readonly work: { wake(): void };
  readonly panels: PanelPoster;
  readonly sealer: Sealer;
  readonly clock: Clock;
  /** The consumer of all calls that start in Discord. */
  readonly key: KeyRow;
  /** The resident's own bot. */
  readonly ownBotId: string;
  readonly tokenOf: (botId: string) => string;
  /** @returns why the bot must not log in again today; undefined if it may */
  readonly loginRefusal: (botId: string) => Promise<string | undefined>;
  readonly retentionMs: number | null;
}

/** Starts recordings for commands and rules. */
export class CallStarter {
  readonly #options: CallStarterOptions;

  constructor(options: CallStarterOptions) {
    this.#options = options;
  }

  /**
   * Creates the job with its panel. The panel of the resident's own bot is posted first and carries the notice, so
   * nobody is recorded before it is there, and the worker posts no second one.
   */
  async start(call: CallStart): Promise<CallStarted> {
    const { store, clock, work } = this.#options;
    const at = clock.now();
    const jobId = newJobId(at);
    const creation = creationAt(at);
    const { consumerId, mode } = this.#options.key;
    const repeated = await store.repeatedCreation({ consumerId, mode, externalId: call.externalId }, creation);
    if (repeated?.kind === "existing") return { kind: "started", job: repeated.job, isNew: false };
    const refusal = await this.#options.loginRefusal(call.botId);
    if (refusal !== undefined) return { kind: "refused", why: refusal };
    const settings = readGuildSettings((await store.resident.guild(call.guildId))?.settingsJson ?? null);
    const carriesNotice = call.botId === this.#options.ownBotId;
    const panel = await this.#postPanel(call, jobId, settings, carriesNotice);
    const request = await this.#request(call, settings, carriesNotice ? panel : undefined);
    const created = await store.createJob(this.#accept(request, jobId, at), {
      ...creation,
      call: { call: { ...newCall(call), panelChannelId: panel?.channelId ?? null }, endMessages: call.endMessages },
    });
    if (created.kind === "created") {
      if (panel !== undefined) await store.resident.setPanel(jobId, panel);
      work.wake();
      return { kind: "started", job: created.job, isNew: true };
    }
    if (panel !== undefined) await this.#options.panels.remove(panel);
    switch (created.kind) {
      case "existing":
        return { kind: "started", job: created.job, isNew: false };
      case "over_quota":
        return { kind: "refused", why: `The bot records ${created.maxConcurrent} calls already, which is its limit.` };
      case "bot_busy":
        return { kind: "refused", why: await this.#busyWords(created.jobId, call) };
      case "replayed":
      case "key_conflict":
        throw new TypeError("a call has no Idempotency-Key");
    }
  }

  /** Somebody else has started a call since the bot was chosen. */
  async #busyWords(jobId: string, { voiceChannelId }: CallStart): Promise<string> {
    const other = await this.#options.store.job(jobId);
    if (other?.channelId === voiceChannelId) return `<#${voiceChannelId}> is being recorded already.`;
    return "The bot records another channel of this server already.";
  }

  async #postPanel(call: CallStart, jobId: string, settings: GuildSettings, carriesNotice: boolean) {
    const message = panelOf({
      ...{ jobId, language: settings.language, title: call.title, voiceChannelId: call.voiceChannelId },
      ...{ startedBy: call.startedBy, status: "queued", paused: false, stopped: false, startedAt: null },
      ...{ durationSeconds: null, end: null, speakerIds: [], notes: 0, link: null },
      notice: carriesNotice ? { consent: settings.consent, withChat: false } : null,
    });
    return await this.#options.panels.post(call.panelChannelId, message);
  }

  async #request(
    call: CallStart,
    settings: GuildSettings,
    notice: { readonly channelId: string; readonly messageId: string } | undefined,
  ): Promise<JobRequest> {
    const answers = await this.#options.store.resident.consents(call.guildId);
    const ids = (choice: "allow" | "decline"): string =>
      answers.flatMap((answer) => (answer.choice === choice ? [answer.userId] : [])).join(",");
    const [declined, granted] = [ids("decline"), ids("allow")];
    const hasNotice = notice !== undefined && settings.consent !== "none";
    return {
      externalId: call.externalId,
      discord: {
        ...{ guildId: call.guildId, channelId: call.voiceChannelId },
        botToken: this.#options.tokenOf(call.botId),
      },
      ...(call.returnSeconds === undefined ? {} : { autoLeave: { afterSoloSeconds: call.returnSeconds } }),
      recording: {
        ...{ consent: settings.consent, noticeLanguage: settings.language },
        // The panel says when the recording is over.
        ...(hasNotice ? { noticeMessage: `${notice.channelId}/${notice.messageId}`, noticeEnd: "off" } : {}),
        ...(declined === "" ? {} : { consentDeclined: declined }),
        // Only people who are asked need to be remembered as having agreed.
        ...(granted === "" || !asksPeople(settings.consent) ? {} : { consentGranted: granted }),
      },
    };
  }

  #accept(request: JobRequest, jobId: string, now: number): NewJob {
    const { key, sealer, retentionMs } = this.#options;
    return acceptJob(request, {
      ...{ jobId, key, now, sealer, retentionMs, fixtures: [] },
      webhookProblem: () => undefined,
    });
  }
}

function newCall({ guildId, voiceChannelId, startedBy, origin, title }: CallStart) {
  return { guildId, voiceChannelId, startedBy, title, ...origin };
}

/** Nobody reads the answer: the command has its own. */
function creationAt(at: number): CreationOptions {
  return { at, answerOf: (_job, isNew) => ({ status: isNew ? 201 : 200, body: "{}" }) };
}
