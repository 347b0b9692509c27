import type { JobRow } from "../domain/job-row.ts";
import type { Page } from "./page.ts";

/** What the resident, the service's own login in Discord, keeps. Ids of Discord are texts of digits. */

export interface GuildRow {
  readonly guildId: string;
  /** The server's settings as JSON. */
  readonly settingsJson: string;
  readonly updatedAt: number;
}

/** A rule that starts recordings by itself. */
export interface RuleRow {
  readonly id: string;
  readonly guildId: string;
  readonly ruleJson: string;
  /** The user who made it. The rule stays when they leave the server. */
  readonly createdBy: string;
  readonly createdAt: number;
  readonly enabled: boolean;
}

/** Something that happens in a channel when its time has come, unless its reason is gone before. */
export interface WaitRow {
  readonly guildId: string;
  readonly channelId: string;
  /**
   * A channel has at most one of each kind. `empty` notes only since when nobody is in the channel, and is never due: its
   * `dueAt` is `Number.MAX_SAFE_INTEGER`.
   */
  readonly kind: "start" | "stop" | "empty";
  readonly ruleId: string;
  /** Since when the rule's condition holds. */
  readonly since: number;
  readonly dueAt: number;
}

/** What a person has said once for all recordings in a server. */
export interface ConsentRow {
  readonly guildId: string;
  readonly userId: string;
  readonly choice: "allow" | "decline";
  readonly at: number;
}

/** How a call came to be recorded. */
export type CallOrigin =
  | { readonly origin: "command"; readonly ruleId: null }
  | { readonly origin: "rule"; readonly ruleId: string };

/** What is stored of a call with its job, in one transaction. */
export type NewCall = CallOrigin & {
  readonly guildId: string;
  readonly voiceChannelId: string;
  /** The channel of the panel and of the message at the end. Null if there is none. */
  readonly panelChannelId: string | null;
  /** The user who gave the command; null for a rule. */
  readonly startedBy: string | null;
  /** Null if nobody named the call. */
  readonly title: string | null;
};

/** A call to store with its job, and who gets a message when it is over. */
export interface CallToAdd {
  readonly call: NewCall;
  readonly endMessages: readonly Pick<EndMessageRow, "target" | "address">[];
}

/** A call that the resident records, and its panel. */
export type CallRow = NewCall & {
  readonly jobId: string;
  /** Null until the panel is posted. */
  readonly panelMessageId: string | null;
  /** When the panel was edited for the last time, after the end; null until then. */
  readonly panelEndedAt: number | null;
  readonly createdAt: number;
};

export interface CallWithJob {
  readonly call: CallRow;
  readonly job: JobRow;
}

/** The message that somebody gets when a call is over. A call has at most one for each target. */
export interface EndMessageRow {
  readonly jobId: string;
  readonly target: EndMessageTarget;
  /** The user's id, or the channel's. */
  readonly address: string;
  readonly attempts: number;
  readonly nextAt: number;
  readonly state: "waiting" | "sent" | "refused";
  /** The id of the message in Discord; null until it is sent. */
  readonly messageId: string | null;
}

export type EndMessageTarget = "starter" | "channel";

/** The tables of the resident. */
export interface ResidentStore {
  guild(guildId: string): Promise<GuildRow | undefined>;
  guilds(): Promise<readonly GuildRow[]>;
  /**
   * Changes a server's settings in one transaction, so no change of another command is lost.
   *
   * @param change gets the stored JSON, undefined if there is none; the row stays as it is if this throws
   */
  changeGuild(guildId: string, at: number, change: (settingsJson: string | undefined) => string): Promise<GuildRow>;
  /** Removes all that is kept of a server but its calls: the bot was removed from it. */
  forgetGuild(guildId: string): Promise<void>;

  addRule(rule: RuleRow): Promise<void>;
  rule(id: string): Promise<RuleRow | undefined>;
  /** In the order in which they were made; of all servers without a server's id. */
  rules(guildId?: string): Promise<readonly RuleRow[]>;
  /** @returns false if there is no such rule */
  changeRule(id: string, change: Partial<Pick<RuleRow, "ruleJson" | "enabled">>): Promise<boolean>;
  /** Its waits are removed with it. @returns false if there is no such rule */
  removeRule(id: string): Promise<boolean>;

  /** Replaces the channel's wait of this kind. */
  setWait(wait: WaitRow): Promise<void>;
  /** @returns false if there is none, such as when another part has taken it */
  removeWait(wait: Pick<WaitRow, "guildId" | "channelId" | "kind">): Promise<boolean>;
  waits(guildId: string): Promise<readonly WaitRow[]>;
  /** The oldest first. */
  dueWaits(at: number, limit: number): Promise<readonly WaitRow[]>;

  setConsent(consent: ConsentRow): Promise<void>;
  /** @returns false if the person had said nothing */
  removeConsent(guildId: string, userId: string): Promise<boolean>;
  consents(guildId: string): Promise<readonly ConsentRow[]>;

  /** `createJob` adds calls. */
  call(jobId: string): Promise<CallWithJob | undefined>;
  /** The calls of a server, newest first. */
  calls(guildId: string, page: { readonly limit: number; readonly cursor?: string }): Promise<Page<CallWithJob>>;
  /** Calls of all servers whose job is not over, or whose panel does not show the end yet. */
  openCalls(): Promise<readonly CallWithJob[]>;
  /** A panel is replaced if its message was deleted. @returns false if there is no such call */
  setPanel(jobId: string, panel: { readonly channelId: string; readonly messageId: string | null }): Promise<boolean>;
  /** Notes that the panel shows the end, or that there is none to edit. */
  markPanelEnded(jobId: string, at: number): Promise<void>;

  /**
   * Messages to send now: their call is over, its worker is gone, and no recovery is waiting. So nothing of what they
   * say will change.
   */
  dueEndMessages(at: number, limit: number): Promise<readonly (EndMessageRow & CallWithJob)[]>;
  /** Notes an attempt. A message that was sent or refused stays so. */
  noteEndMessage(
    message: Pick<EndMessageRow, "jobId" | "target">,
    outcome:
      | { readonly state: "sent"; readonly messageId: string }
      | { readonly state: "waiting"; readonly nextAt: number }
      | { readonly state: "refused" },
  ): Promise<void>;
  endMessages(jobId: string): Promise<readonly EndMessageRow[]>;
}
