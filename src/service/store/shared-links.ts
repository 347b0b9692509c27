import type { Selectable } from "kysely";
import type { SharedLinkRow, SharedLinkStore } from "../ports/shared-links.ts";
import { lockJobs } from "./job-events.ts";
import type { Database, InTransaction } from "./rows.ts";
import type { Tables } from "./schema.ts";
import { transact } from "./transact.ts";

type StoredLink = Selectable<Tables["sharedLinks"]>;

/** The table of links to recordings. */
export class SqlSharedLinks implements SharedLinkStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async addLink(link: Omit<SharedLinkRow, "revokedAt">): Promise<SharedLinkRow> {
    return await transact(this.#db, async (trx) => {
      // Two requests for one link get one.
      await lockJobs(trx, [link.jobId]);
      const existing = await equalLink(trx, link);
      if (existing !== undefined) return existing;
      const row = { ...link, mayDelete: Number(link.mayDelete), revokedAt: null };
      await trx.insertInto("sharedLinks").values(row).execute();
      return linkOf(row);
    });
  }

  async link(id: string): Promise<SharedLinkRow | undefined> {
    const row = await this.#db.selectFrom("sharedLinks").selectAll().where("id", "=", id).executeTakeFirst();
    return row && linkOf(row);
  }

  async validLinks(
    of: { readonly jobId: string } | { readonly guildId: string },
    at: number,
  ): Promise<SharedLinkRow[]> {
    const valid = validAt(this.#db, at).selectAll();
    const query = "jobId" in of ? valid.where("jobId", "=", of.jobId) : valid.where("guildId", "=", of.guildId);
    return (await query.orderBy("createdAt", "desc").orderBy("id").execute()).map(linkOf);
  }

  async revokeLink(id: string, at: number): Promise<boolean> {
    const first = this.#db.updateTable("sharedLinks").set({ revokedAt: at }).where("id", "=", id);
    await first.where("revokedAt", "is", null).execute();
    return (await this.link(id)) !== undefined;
  }

  async revokeLinks(jobId: string, at: number): Promise<number> {
    const { numUpdatedRows } = await this.#db
      .updateTable("sharedLinks")
      .set({ revokedAt: at })
      .where("jobId", "=", jobId)
      .where("revokedAt", "is", null)
      .where("expiresAt", ">", at)
      .executeTakeFirst();
    return Number(numUpdatedRows);
  }
}

async function equalLink(
  trx: InTransaction,
  { jobId, madeFor, mayDelete, createdAt }: Omit<SharedLinkRow, "revokedAt">,
): Promise<SharedLinkRow | undefined> {
  const row = await validAt(trx, createdAt)
    .selectAll()
    .where("jobId", "=", jobId)
    .where("madeFor", "=", madeFor)
    .where("mayDelete", "=", Number(mayDelete))
    .orderBy("expiresAt", "desc")
    .limit(1)
    .executeTakeFirst();
  return row && linkOf(row);
}

function validAt(db: Database, at: number) {
  return db.selectFrom("sharedLinks").where("revokedAt", "is", null).where("expiresAt", ">", at);
}

function linkOf(row: StoredLink): SharedLinkRow {
  return { ...row, mayDelete: row.mayDelete === 1 };
}
