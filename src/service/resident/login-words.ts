import { type LoginBudget, noLogins } from "../work/login-budget.ts";

/** Below this part of its logins a further bot is worth a line in `/record status`. */
const FEW_PART = 0.2;

/** What people in Discord read about the logins of bots. */
export class LoginWords {
  readonly #logins: Pick<LoginBudget, "of">;
  readonly #nameOf: (botId: string) => Promise<string>;

  constructor(logins: Pick<LoginBudget, "of">, nameOf: (botId: string) => Promise<string>) {
    this.#logins = logins;
    this.#nameOf = nameOf;
  }

  /** Why the bot must not log in again today; undefined if it may. */
  async refusal(botId: string): Promise<string | undefined> {
    const { forNewCalls, resetAt } = await this.#logins.of(botId);
    if (forNewCalls > 0) return undefined;
    const clause = noLogins(resetAt);
    return `${clause.charAt(0).toUpperCase()}${clause.slice(1)}.`;
  }

  /** A sentence for the first bot, and for others that have few left. */
  async sentences(botIds: readonly string[]): Promise<string[]> {
    const all = await Promise.all(botIds.map(async (botId) => await this.#logins.of(botId)));
    const shown = all.filter(({ left, total }, index) => index === 0 || left < total * FEW_PART);
    return await Promise.all(
      shown.map(async ({ botId, left, total }) => {
        return `${await this.#nameOf(botId)} has ${left} of its ${total} logins of the day at Discord left.`;
      }),
    );
  }
}
