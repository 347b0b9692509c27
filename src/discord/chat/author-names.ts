import type { APIUser } from "discord-api-types/v10";
import { type Member, personOf } from "../guild/roster.ts";
import type { ChatRest } from "./chat-rest.ts";

const MAX_NAMES = 5_000;
/** The most authors that are requested after one gap, one request each. */
const MAX_REQUESTS = 200;

/**
 * The names of authors in this server. Dispatched messages have them. Messages that are read over REST do not, so the
 * names of unknown authors are requested.
 */
export class AuthorNames {
  readonly #rest: ChatRest;
  readonly #names = new Map<string, string>();
  #requestsLeft = MAX_REQUESTS;

  constructor(rest: ChatRest) {
    this.#rest = rest;
  }

  note(member: Member): void {
    this.#keep(member.user.id, personOf(member).displayName);
  }

  /** Allows the full number of requests again, for a new gap. */
  refill(): void {
    this.#requestsLeft = MAX_REQUESTS;
  }

  /** @returns undefined if the user is not in the server, or no request is left */
  async nameOf(user: APIUser, signal: AbortSignal): Promise<string | undefined> {
    const known = this.#names.get(user.id);
    if (known !== undefined || this.#requestsLeft === 0) return known;
    this.#requestsLeft -= 1;
    const member = await this.#rest.member(user.id, signal);
    if (member === undefined) return undefined;
    this.note({ ...member, user });
    return this.#names.get(user.id);
  }

  #keep(userId: string, name: string): void {
    this.#names.delete(userId);
    this.#names.set(userId, name);
    const [oldest] = this.#names.keys();
    if (oldest !== undefined && this.#names.size > MAX_NAMES) this.#names.delete(oldest);
  }
}
