import { randomBytes } from "node:crypto";
import type { CallUser } from "../../fixture/call-script.ts";

/** A bot that can log in. */
export interface Account {
  readonly user: CallUser;
  readonly token: string;
}

/** The bots that may log in, with their tokens. Everyone else in the call is simulated. */
export class Accounts {
  readonly #byToken = new Map<string, Account>();
  readonly #userIds = new Set<string>();

  add(user: CallUser, token: string = createToken(user.id)): Account {
    const account = { user, token };
    this.#byToken.set(token, account);
    this.#userIds.add(user.id);
    return account;
  }

  /** @param token as clients send it in IDENTIFY and in `Authorization`: some put `Bot ` before it in both. */
  authenticate(token: unknown): Account | undefined {
    return typeof token === "string" ? this.#byToken.get(token.replace(/^Bot /, "")) : undefined;
  }

  /** Revokes its token. */
  revoke(userId: string): void {
    for (const [token, { user }] of this.#byToken) if (user.id === userId) this.#byToken.delete(token);
  }

  has(userId: string): boolean {
    return this.#userIds.has(userId);
  }
}

/** A bot token's shape: the user id in base64, a timestamp, a signature. */
function createToken(userId: string): string {
  const id = Buffer.from(userId).toString("base64url");
  return `${id}.${randomBytes(4).toString("base64url")}.${randomBytes(28).toString("base64url")}`;
}
