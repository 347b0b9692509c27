import type { Generated } from "kysely";
import type { TimerKind } from "../domain/job-input.ts";
import type { JobRow } from "../domain/job-row.ts";
import type { ServiceEvent } from "../domain/service-events.ts";
import type { DeliveryRow } from "../ports/deliveries.ts";
import type { CliAuthRow, KeyRow } from "../ports/keys.ts";
import type { LoginLimitRow, LoginRow } from "../ports/logins.ts";
import type { CallRow, ConsentRow, EndMessageRow, GuildRow, RuleRow, WaitRow } from "../ports/resident.ts";
import type { PageSession } from "../ports/sessions.ts";
import type { SharedLinkRow } from "../ports/shared-links.ts";

/** The tables. Names are in camel case here and in snake case in the database. Booleans are 0 and 1 there. */

type Flag = number;

/** The columns of a row. Booleans are numbers. */
export type ColumnsOf<Row> = {
  readonly [Column in keyof Row]: Row[Column] extends boolean | undefined
    ? Flag
    : Row[Column] extends boolean | null | undefined
      ? Flag | null
      : Row[Column];
};

/** `isLive` follows from the status. A unique index on it allows one live job for a bot in a server. */
export interface JobsTable extends ColumnsOf<JobRow> {
  readonly isLive: Flag;
}

export interface DeliveriesTable extends ColumnsOf<DeliveryRow> {
  readonly leaseUntil: number | null;
  readonly leaseBy: string | null;
}

/** The columns of each kind of call in one row. */
export type CallsTable = { readonly [Column in keyof CallRow]: CallRow[Column] };

export interface Tables {
  consumers: { id: string; name: string; createdAt: number };
  keys: ColumnsOf<KeyRow>;
  jobs: JobsTable;
  /** The job and attempt of each ingest token. */
  ingestTokens: { hash: string; jobId: string; attempt: number };
  timers: { jobId: string; kind: TimerKind; dueAt: number };
  idempotency: {
    consumerId: string;
    mode: string;
    key: string;
    requestHash: string;
    status: number;
    body: string;
    createdAt: number;
  };
  events: {
    seq: Generated<number>;
    jobId: string;
    eventId: string;
    type: ServiceEvent["event"];
    emittedAt: number;
    dataJson: string;
  };
  deliveries: DeliveriesTable;
  attempts: {
    deliveryId: string;
    number: number;
    at: number;
    status: number | null;
    latencyMs: number;
    error: string | null;
  };
  cliAuth: ColumnsOf<CliAuthRow>;
  pageSessions: PageSession;
  discordGuilds: GuildRow;
  discordRules: ColumnsOf<RuleRow>;
  discordWaits: WaitRow;
  discordConsents: ConsentRow;
  discordCalls: CallsTable;
  endMessages: EndMessageRow;
  sharedLinks: ColumnsOf<SharedLinkRow>;
  logins: LoginRow;
  loginLimits: LoginLimitRow;
}
