import { budgetOf, countedSince, DAY_MS, type LoginBudgetState, loginsForNewCalls } from "../domain/login-budget.ts";
import type { Clock } from "../ports/clock.ts";
import type { LoginLimitRow, LoginStore } from "../ports/logins.ts";

export interface LoginBudgetOptions {
  readonly store: { readonly logins: LoginStore };
  readonly clock: Clock;
}

/** A bot with fewer logins than this in a day cannot be near its limit, unless Discord says so. */
const MANY_LOGINS = 100;
const FEW_LEFT = 500;

/** What a bot has left of its logins. */
export interface BotLogins extends LoginBudgetState {
  readonly botId: string;
  /** Its logins in the last 24 hours that this service knows of. */
  readonly lastDay: number;
  /** How many new calls may still use it. */
  readonly forNewCalls: number;
}

/** Why no new call can start, as a clause. */
export function noLogins(resetAt: number | null): string {
  const until = resetAt === null ? "" : `; there are new ones at ${new Date(resetAt).toISOString()}`;
  return `the bot has used up its logins of the day at Discord, except for a reserve for calls that run${until}`;
}

/** Counts the logins of bots at Discord, and says whether there are enough for another call. */
export class LoginBudget {
  readonly #options: LoginBudgetOptions;
  #residentLogins = 0;

  constructor(options: LoginBudgetOptions) {
    this.#options = options;
  }

  async of(botId: string): Promise<BotLogins> {
    const { store, clock } = this.#options;
    const now = clock.now();
    const limit = await store.logins.loginLimit(botId);
    const [lastDay] = await store.logins.loginUse(now - DAY_MS, botId);
    const [counted] = await store.logins.loginUse(countedSince(limit, now), botId);
    const state = budgetOf(limit, counted, now);
    return { botId, ...state, lastDay: lastDay?.count ?? 0, forNewCalls: loginsForNewCalls(state) };
  }

  /** All bots that have logged in within the last 24 hours, or of which Discord says that few logins are left. */
  async all(): Promise<BotLogins[]> {
    return await this.#bots(1);
  }

  /** The bots that could be out of logins soon. All others have enough for hundreds of calls. */
  async scarce(): Promise<BotLogins[]> {
    return await this.#bots(MANY_LOGINS);
  }

  async #bots(fromCount: number): Promise<BotLogins[]> {
    const { store, clock } = this.#options;
    const used = await store.logins.loginUse(clock.now() - DAY_MS);
    const low = await store.logins.lowLoginLimits(clock.now(), FEW_LEFT);
    const often = used.filter(({ count }) => count >= fromCount);
    return await Promise.all([...new Set([...often, ...low].map(({ botId }) => botId))].map((botId) => this.of(botId)));
  }

  /** Notes that a worker logs in, or will as soon as it runs. The same attempt and number are counted once. */
  async noteWorkers(
    logins: readonly {
      readonly jobId: string;
      readonly attempt: number;
      readonly number: number;
      readonly botId: string;
    }[],
    at = this.#options.clock.now(),
  ): Promise<void> {
    await this.#options.store.logins.noteLogins(
      logins.map(({ jobId, attempt, number, botId }) => {
        return { id: `${jobId} ${attempt} ${number}`, botId, kind: "worker", at };
      }),
    );
  }

  /** Notes a login of the service itself. Call it for each IDENTIFY. */
  async noteResident(botId: string): Promise<void> {
    const at = this.#options.clock.now();
    this.#residentLogins += 1;
    const id = `resident ${process.pid} ${at} ${this.#residentLogins}`;
    await this.#options.store.logins.noteLogins([{ id, botId, kind: "resident", at }]);
  }

  /** Notes what Discord says about a bot's logins (`session_start_limit`). */
  async noteLimit(limit: LoginLimitRow): Promise<void> {
    await this.#options.store.logins.noteLoginLimit(limit);
  }
}
