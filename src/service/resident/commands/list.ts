import { InputError } from "../../../errors.ts";
import { clock } from "../../../text/clock.ts";
import { boundedName } from "../../../text/safe-text.ts";
import { isOver } from "../../domain/job-row.ts";
import type { CallWithJob } from "../../ports/resident.ts";
import { plain } from "../domain/markdown.ts";
import { managesServer, whoMay } from "../domain/who-may.ts";
import { type CallParts, settingsOf } from "./calls.ts";
import type { Answer, Asker, Button, ComponentRequest, Handlers } from "./request.ts";

export interface ListParts extends CallParts {
  readonly links: {
    make(request: {
      readonly jobId: string;
      readonly guildId: string;
      readonly madeFor: string;
      readonly mayDelete: boolean;
    }): Promise<{ readonly url: string; readonly expiresAt: number }>;
    /** @returns how many links that worked the recording had */
    revokeAll(jobId: string): Promise<number>;
  };
}

const SHOWN = 5;
/** So that they fit into one message with their links. */
const TITLE_CHARACTERS = 60;
/** How many calls are looked at for those that the asker may open. */
const LOOKED_AT = 100;

/** `/record list`, with a button to revoke the links of each recording, and the panel's button for its link. */
export function listCommands(parts: ListParts): Handlers {
  return {
    commands: { list: { run: async ({ guildId, asker }) => await list(parts, guildId, asker) } },
    components: {
      open: {
        run: async (request) => ({ text: await linkLine(parts, request.asker, await recordingOf(parts, request)) }),
      },
      revoke: { run: async (request) => await revoke(parts, request) },
    },
    modals: {},
  };
}

async function list(parts: ListParts, guildId: string, asker: Asker): Promise<Answer> {
  const { items } = await parts.store.resident.calls(guildId, { limit: LOOKED_AT });
  const settings = await settingsOf(parts, guildId);
  const own = items
    .filter((row) => isKept(row) && whoMay("get", asker, settings, { ...row.call, channelPermissions: null }).allowed)
    .slice(0, SHOWN);
  if (own.length === 0) return { text: "This server has no recording that you may open." };
  const lines = await Promise.all(
    own.map(async (row, index) => `${index + 1}. ${nameOf(row)}\n${await linkLine(parts, asker, row)}`),
  );
  const row = own.map(
    ({ job }, index): Button => ({
      id: `record:revoke:${job.id}`,
      label: `Revoke the links of ${index + 1}`,
      style: "secondary",
    }),
  );
  return { text: lines.join("\n"), rows: [row] };
}

async function revoke(parts: ListParts, request: ComponentRequest): Promise<Answer> {
  const row = await recordingOf(parts, request);
  const count = await parts.links.revokeAll(row.job.id);
  const links = count === 1 ? "1 link was revoked" : `${count} links were revoked`;
  return { text: `${nameOf(row)}: ${links}. \`/record list\` makes a new one for you.` };
}

/** The asker's own link: the same one until it expires. */
async function linkLine({ links }: ListParts, asker: Asker, { call, job }: CallWithJob): Promise<string> {
  const mayDelete = call.startedBy === asker.userId || managesServer(asker);
  const { guildId } = call;
  const link = await links.make({ jobId: job.id, guildId, madeFor: `user:${asker.userId}`, mayDelete });
  return `${link.url} (until <t:${Math.floor(link.expiresAt / 1_000)}:f>)`;
}

/** @throws InputError if it is not there, or not for the asker */
async function recordingOf(parts: ListParts, request: ComponentRequest): Promise<CallWithJob> {
  const { guildId, asker } = request;
  const row = await parts.store.resident.call(request.parts[1] ?? "");
  if (row === undefined || row.call.guildId !== guildId) throw new InputError("The bot does not know this recording.");
  const may = whoMay("get", asker, await settingsOf(parts, guildId), { ...row.call, channelPermissions: null });
  if (!may.allowed) throw new InputError(may.why);
  if (row.job.deletedAt !== null) throw new InputError("This recording was deleted.");
  if (!isKept(row)) throw new InputError("This recording has no files.");
  return row;
}

function isKept({ job }: CallWithJob): boolean {
  return isOver(job.status) && job.manifestUri !== null && job.deletedAt === null;
}

function nameOf({ call, job }: CallWithJob): string {
  const what =
    call.title === null
      ? `<#${call.voiceChannelId}>`
      : `“${plain(boundedName(call.title, TITLE_CHARACTERS))}” in <#${call.voiceChannelId}>`;
  const when = `<t:${Math.floor((job.startedAt ?? call.createdAt) / 1_000)}:f>`;
  const length = job.durationSeconds === null ? "" : `, ${clock(job.durationSeconds)} long`;
  return `${what}, ${when}${length}`;
}
