import type { JobRow } from "../domain/job-row.ts";
import type { Clock } from "../ports/clock.ts";
import type { JobStore } from "../ports/jobs.ts";
import type { SharedLinkRow, SharedLinkStore } from "../ports/shared-links.ts";
import { formatToken, LINK_ID_BYTES, linkIdOf } from "./token.ts";

/** A week: everybody who was in the call has looked by then, and who has not can ask for another link. */
export const LINK_LIFETIME_MS = 7 * 86_400_000;

export interface SharedLinksOptions {
  readonly store: Pick<JobStore, "job"> & { readonly sharedLinks: SharedLinkStore };
  /** Newest first, from `linkKeys`. */
  readonly keys: readonly Buffer[];
  readonly clock: Clock;
  readonly random: (bytes: number) => Uint8Array;
  /** How people reach the service, without a slash at the end. */
  readonly publicUrl: () => string;
}

export interface LinkRequest extends Pick<SharedLinkRow, "jobId" | "guildId" | "madeFor" | "mayDelete"> {
  readonly lifetimeMs?: number;
}

/** A link with its address, which is a secret. */
export interface SharedLink extends SharedLinkRow {
  readonly url: string;
}

/** What a token opens. */
export type OpenedLink =
  | { readonly kind: "valid"; readonly link: SharedLinkRow; readonly job: JobRow }
  | { readonly kind: "over"; readonly why: "expired" | "revoked" | "deleted" }
  | { readonly kind: "unknown" };

/** Makes, lists and revokes links to recordings. The database has no address: each is made from the link's id again. */
export class SharedLinks {
  readonly #options: SharedLinksOptions;

  constructor(options: SharedLinksOptions) {
    this.#options = options;
  }

  /** Makes a link, or returns the valid one that the job has for this audience. */
  async make({ lifetimeMs = LINK_LIFETIME_MS, ...request }: LinkRequest): Promise<SharedLink> {
    const { store, clock, random } = this.#options;
    const createdAt = clock.now();
    const id = Buffer.from(random(LINK_ID_BYTES)).toString("base64url");
    return this.#addressed(
      await store.sharedLinks.addLink({ id, ...request, createdAt, expiresAt: createdAt + lifetimeMs }),
    );
  }

  /** Valid links, newest first. */
  async list(of: Parameters<SharedLinkStore["validLinks"]>[0]): Promise<SharedLink[]> {
    const { store, clock } = this.#options;
    return (await store.sharedLinks.validLinks(of, clock.now())).map((link) => this.#addressed(link));
  }

  /** @returns false if there is no such link */
  async revoke(id: string): Promise<boolean> {
    return await this.#options.store.sharedLinks.revokeLink(id, this.#options.clock.now());
  }

  /** @returns how many valid links the job had */
  async revokeAll(jobId: string): Promise<number> {
    return await this.#options.store.sharedLinks.revokeLinks(jobId, this.#options.clock.now());
  }

  async open(token: string): Promise<OpenedLink> {
    const { store, keys, clock } = this.#options;
    const id = linkIdOf(token, keys);
    const link = id === undefined ? undefined : await store.sharedLinks.link(id);
    const job = link && (await store.job(link.jobId));
    if (link === undefined || job === undefined) return { kind: "unknown" };
    if (job.deletedAt !== null) return { kind: "over", why: "deleted" };
    if (link.revokedAt !== null) return { kind: "over", why: "revoked" };
    return link.expiresAt <= clock.now() ? { kind: "over", why: "expired" } : { kind: "valid", link, job };
  }

  #addressed(link: SharedLinkRow): SharedLink {
    const { keys, publicUrl } = this.#options;
    const [newest = Buffer.alloc(0)] = keys;
    return { ...link, url: `${publicUrl()}/s/${formatToken(link.id, newest)}` };
  }
}
