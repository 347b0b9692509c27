import { isOver } from "../../domain/job-row.ts";
import type { CallWithJob, WaitRow } from "../../ports/resident.ts";
import { voiceChannelIn } from "../discord/guild-cache.ts";
import { PAST_CALLS, type PastCall, type Situation } from "../domain/situation.ts";
import type { AutoPorts } from "./auto-ports.ts";
import type { GuildState } from "./guild-state.ts";

/** How many of a server's calls are looked through for those of one channel. */
const LOOKED_THROUGH = 100;

/**
 * All that decides about one channel now.
 *
 * @returns undefined if the server or the channel is not there
 */
export async function situationOf(
  state: GuildState,
  channelId: string,
  ports: AutoPorts,
): Promise<Situation | undefined> {
  const { world, clock, botsFor } = ports;
  const channel = voiceChannelIn(world.guild(state.guildId), channelId);
  if (channel === undefined) return undefined;
  const [past, bots] = await Promise.all([pastCalls(state, channelId, ports), botsFor(state.guildId, channelId)]);
  return {
    ...{ now: clock.now(), channel, past, bots, rules: state.rules },
    present: world.present(state.guildId, channelId),
    enoughSince: state.timesOf(channelId).enoughSince,
    live: [...state.live.values()],
    emptyAt: state.emptyAt.get(channelId) ?? null,
    refused: state.refused.get(channelId) ?? null,
  };
}

export async function pastCalls(state: GuildState, channelId: string, { store }: AutoPorts): Promise<PastCall[]> {
  const { items } = await store.resident.calls(state.guildId, { limit: LOOKED_THROUGH });
  return items
    .filter(({ call, job }) => call.voiceChannelId === channelId && isOver(job.status))
    .slice(0, PAST_CALLS)
    .map((row) => pastCall(row, state.stops.get(channelId)));
}

function pastCall({ call, job }: CallWithJob, stop: WaitRow | undefined): PastCall {
  const endedAt = job.endedAt ?? job.updatedAt;
  return {
    ...{ startedAt: call.createdAt, endedAt },
    endedByRule: stop !== undefined && stop.since >= call.createdAt && stop.dueAt <= endedAt,
    ...{ exitReason: job.exitReason, failureCode: job.failureCode, failureDetail: job.failureDetail },
  };
}
