import { isOver } from "../../domain/job-row.ts";
import type { CallWithJob, WaitRow } from "../../ports/resident.ts";
import { isVoice, voiceChannelIn } from "../discord/guild-cache.ts";
import { NOBODY_YET, type PresenceTimes } from "../domain/presence.ts";
import { type AutoRecordRule, covers, readRule } from "../domain/rules.ts";
import type { Refusal, RunningCall, VoiceChannel } from "../domain/situation.ts";
import type { AutoPorts } from "./auto-ports.ts";

export interface LiveRow extends RunningCall {
  readonly ruleId: string | null;
  readonly createdAt: number;
}

/** What the automatic part knows about one server that has rules, or a call of a rule. */
export class GuildState {
  readonly guildId: string;
  rules: readonly AutoRecordRule[] = [];
  /** Calls that are not over, by job id. */
  readonly live = new Map<string, LiveRow>();
  /** The rows of the database, by channel. */
  readonly stops = new Map<string, WaitRow>();
  readonly emptyAt = new Map<string, number>();
  readonly refused = new Map<string, Refusal>();
  readonly #times = new Map<string, PresenceTimes>();
  readonly #ports: AutoPorts;

  constructor(guildId: string, ports: AutoPorts) {
    this.guildId = guildId;
    this.#ports = ports;
  }

  /** Reads all of the database again. */
  async load(openCalls: readonly CallWithJob[]): Promise<void> {
    const { resident } = this.#ports.store;
    await this.loadRules();
    for (const wait of await resident.waits(this.guildId)) {
      if (wait.kind === "stop") this.stops.set(wait.channelId, wait);
      if (wait.kind === "empty") this.emptyAt.set(wait.channelId, wait.since);
    }
    for (const row of openCalls) if (row.call.guildId === this.guildId) this.noteCall(row);
  }

  async loadRules(): Promise<void> {
    this.rules = (await this.#ports.store.resident.rules(this.guildId)).map(readRule);
  }

  /** @returns the voice channel of the call */
  noteCall({ call, job }: CallWithJob): string {
    const { jobId, voiceChannelId, origin, ruleId, createdAt } = call;
    if (isOver(job.status)) this.live.delete(jobId);
    else this.live.set(jobId, { jobId, voiceChannelId, origin, ruleId, createdAt, botId: job.botId });
    return voiceChannelId;
  }

  liveIn(channelId: string): LiveRow | undefined {
    return [...this.live.values()].find(({ voiceChannelId }) => voiceChannelId === channelId);
  }

  timesOf(channelId: string): PresenceTimes {
    return this.#times.get(channelId) ?? NOBODY_YET;
  }

  setTimes(channelId: string, times: PresenceTimes): void {
    if (times.enoughSince === null && times.fewSince === null) this.#times.delete(channelId);
    else this.#times.set(channelId, times);
  }

  /** The server's channels that a rule may start or end a call in. */
  watched(): string[] {
    const guild = this.#ports.world.guild(this.guildId);
    const voice = [...(guild?.channels.values() ?? [])].filter(isVoice);
    return voice.flatMap(({ id }) => {
      const channel = voiceChannelIn(guild, id);
      return channel !== undefined && this.watches(channel) ? [id] : [];
    });
  }

  watches(channel: VoiceChannel): boolean {
    return (
      this.rules.some((rule) => rule.enabled && covers(rule, channel)) || this.liveIn(channel.id)?.origin === "rule"
    );
  }
}
