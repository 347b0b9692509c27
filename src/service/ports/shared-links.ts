/** A link that opens one recording without a login. */
export interface SharedLinkRow {
  /** 128 random bits in Base64url. */
  readonly id: string;
  readonly jobId: string;
  /** The server of the call; null if the link was not made in Discord. */
  readonly guildId: string | null;
  /** Who it was made for: `user:ID` or `channel:ID`. Empty when the recording is deleted. */
  readonly madeFor: string;
  /** Whether its page can delete the recording. */
  readonly mayDelete: boolean;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly revokedAt: number | null;
}

export interface SharedLinkStore {
  /**
   * Adds a link, unless there is one for the same job and audience that is valid and opens the same.
   *
   * @returns the link that there is now
   */
  addLink(link: Omit<SharedLinkRow, "revokedAt">): Promise<SharedLinkRow>;
  /** Also finds expired and revoked links: the caller decides what they may do. */
  link(id: string): Promise<SharedLinkRow | undefined>;
  /** Valid links, newest first: of one job, or of a server. */
  validLinks(
    of: { readonly jobId: string } | { readonly guildId: string },
    at: number,
  ): Promise<readonly SharedLinkRow[]>;
  /** @returns false if there is no such link; revoking it again changes nothing */
  revokeLink(id: string, at: number): Promise<boolean>;
  /** @returns how many valid links the job had */
  revokeLinks(jobId: string, at: number): Promise<number>;
}
