/** A login of a bot: one IDENTIFY at Discord's gateway. */
export interface LoginRow {
  /** The same if it is noted again, such as `JOB_ID ATTEMPT NUMBER`. */
  readonly id: string;
  readonly botId: string;
  readonly kind: "worker" | "resident";
  readonly at: number;
}

/** What Discord said last about a bot's logins (`session_start_limit` of `GET /gateway/bot`). */
export interface LoginLimitRow {
  readonly botId: string;
  readonly total: number;
  /** How many were left at `seenAt`. */
  readonly remaining: number;
  readonly resetAt: number;
  readonly seenAt: number;
}

export interface LoginUse {
  readonly botId: string;
  readonly count: number;
  readonly oldestAt: number;
}

export interface LoginStore {
  /** A login that is noted already has no second effect. */
  noteLogins(logins: readonly LoginRow[]): Promise<void>;
  /** Keeps what was seen last, in any order of calls. */
  noteLoginLimit(limit: LoginLimitRow): Promise<void>;
  loginLimit(botId: string): Promise<LoginLimitRow | undefined>;
  /** Limits that hold at this time and of which at most so many logins were left. */
  lowLoginLimits(at: number, remaining: number): Promise<readonly LoginLimitRow[]>;
  /** The logins after `since`, of each bot that has any, or of one bot. */
  loginUse(since: number, botId?: string): Promise<readonly LoginUse[]>;
}
