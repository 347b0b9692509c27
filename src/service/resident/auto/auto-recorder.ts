import { isOver } from "../../domain/job-row.ts";
import { type Changed, voiceChannelIn } from "../discord/guild-cache.ts";
import { decide, isEnough, nextLook, peopleIn } from "../domain/decide.ts";
import { endsAt, isTooFew } from "../domain/ending.ts";
import { explain } from "../domain/explain.ts";
import { readGuildSettings } from "../domain/guild-settings.ts";
import { pauseAfter } from "../domain/pause-after.ts";
import { presenceAfter } from "../domain/presence.ts";
import type { AutoRecordRule } from "../domain/rules.ts";
import { titleOf } from "../domain/title.ts";
import type { CallStart } from "../start-call.ts";
import type { AutoPorts } from "./auto-ports.ts";
import { GuildState, type LiveRow } from "./guild-state.ts";
import { pastCalls, situationOf } from "./situation-of.ts";

/** A start that the service refused is tried again after this time. */
const REFUSED_PAUSE_MS = 30_000;

interface Watched {
  readonly state: GuildState;
  readonly dirty: Set<string>;
  /** Everything about the server, one after the other. */
  work: Promise<void>;
}

/** Starts and ends calls by the rules of each server. It keeps nothing that the database or Discord does not say again. */
export class AutoRecorder {
  readonly #ports: AutoPorts;
  readonly #guilds = new Map<string, Watched>();
  readonly #timers = new Map<string, () => void>();
  #isOnline = true;
  #isStopped = false;
  #unsubscribe: () => void = () => undefined;

  constructor(ports: AutoPorts) {
    this.#ports = ports;
  }

  /** Reads rules and calls. Call it before the first server comes from the gateway. */
  async start(): Promise<void> {
    const { store } = this.#ports;
    const [rules, open] = await Promise.all([store.resident.rules(), store.resident.openCalls()]);
    const ofRules = open.filter(({ call }) => call.origin === "rule");
    const guildIds = new Set([...rules.map(({ guildId }) => guildId), ...ofRules.map(({ call }) => call.guildId)]);
    for (const guildId of guildIds) {
      const state = new GuildState(guildId, this.#ports);
      await state.load(open);
      this.#guilds.set(guildId, { state, dirty: new Set(), work: Promise.resolve() });
    }
    this.#unsubscribe = store.onJobChange((jobId) => void this.#jobChanged(jobId));
  }

  /** Servers without rules cost nothing here. */
  changed(guildId: string, changed: Changed): void {
    const watched = this.#guilds.get(guildId);
    if (watched === undefined || this.#isStopped) return;
    const channelIds = changed === "all" ? watched.state.watched() : changed;
    for (const channelId of channelIds) this.#lookAt(watched, channelId);
  }

  /** While the gateway is disconnected, nobody knows who is there, so nothing ends. */
  online(isOnline: boolean): void {
    this.#isOnline = isOnline;
    if (isOnline) for (const guildId of this.#guilds.keys()) this.changed(guildId, "all");
  }

  /** Somebody changed a server's rules. */
  async rulesChanged(guildId: string): Promise<void> {
    const watched = this.#guilds.get(guildId) ?? (await this.#watch(guildId));
    await watched.state.loadRules();
    this.changed(guildId, "all");
  }

  /** Somebody removed the bot from a server. Its rules, settings and answers are forgotten; its recordings stay. */
  async removed(guildId: string): Promise<void> {
    this.#guilds.delete(guildId);
    await this.#ports.store.resident.forgetGuild(guildId);
  }

  /** For `/record why`. @returns undefined if the server has no such channel */
  async explain(guildId: string, channelId: string, invite: (botId: string) => string): Promise<string[] | undefined> {
    const { state } = this.#guilds.get(guildId) ?? (await this.#watch(guildId));
    const guild = this.#ports.world.guild(guildId);
    const situation = await situationOf(state, channelId, this.#ports);
    if (guild === undefined || situation === undefined) return undefined;
    const known = { channelIds: new Set(guild.channels.keys()), roleIds: new Set(guild.roles.keys()) };
    return explain(decide(situation), situation, { known, invite });
  }

  /** Calls that run continue. Idempotent. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#unsubscribe();
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    await Promise.all([...this.#guilds.values()].map(({ work }) => work));
  }

  async #watch(guildId: string): Promise<Watched> {
    const state = new GuildState(guildId, this.#ports);
    await state.load(await this.#ports.store.resident.openCalls());
    const known = this.#guilds.get(guildId);
    if (known !== undefined) return known;
    const watched: Watched = { state, dirty: new Set(), work: Promise.resolve() };
    this.#guilds.set(guildId, watched);
    return watched;
  }

  /** A change that cannot be read now is read later: a call that seems to run keeps its channel from starting another. */
  async #jobChanged(jobId: string): Promise<void> {
    try {
      await this.#noteJob(jobId);
    } catch (error) {
      this.#ports.log.error({ err: error, jobId }, "a change of a call could not be read; it is tried again");
      this.#plan(`job ${jobId}`, REFUSED_PAUSE_MS, () => void this.#jobChanged(jobId));
    }
  }

  async #noteJob(jobId: string): Promise<void> {
    const row = await this.#ports.store.resident.call(jobId);
    const watched = row === undefined ? undefined : this.#guilds.get(row.call.guildId);
    if (row === undefined || watched === undefined) return;
    this.#lookAt(watched, watched.state.noteCall(row));
    // Another channel may wait for the bot that is free now.
    if (isOver(row.job.status)) this.changed(row.call.guildId, "all");
  }

  /** Looks at a channel soon, once for all changes until then. */
  #lookAt(watched: Watched, channelId: string): void {
    if (watched.dirty.has(channelId) || this.#isStopped) return;
    watched.dirty.add(channelId);
    watched.work = watched.work.then(async () => {
      watched.dirty.delete(channelId);
      // A server that was removed has no rules any more, also if the bot is invited again meanwhile.
      const isRemoved = this.#guilds.get(watched.state.guildId) !== watched;
      if (this.#isStopped || !this.#isOnline || isRemoved) return;
      try {
        await this.#look(watched, channelId);
      } catch (error) {
        this.#ports.log.error({ err: error, channelId }, "a rule could not be applied");
        this.#later(watched, channelId, REFUSED_PAUSE_MS);
      }
    });
  }

  async #look(watched: Watched, channelId: string): Promise<void> {
    const { state } = watched;
    const { world, clock } = this.#ports;
    const channel = voiceChannelIn(world.guild(state.guildId), channelId);
    if (channel === undefined || !state.watches(channel)) return;
    const present = world.present(state.guildId, channelId);
    const people = peopleIn(present);
    const call = state.liveIn(channelId);
    const ofRule = call?.origin === "rule" ? call : undefined;
    const rule = state.rules.find(({ id }) => id === ofRule?.ruleId);
    const times = presenceAfter(this.#timesOf(state, channelId, ofRule), clock.now(), {
      isEnough: isEnough({ rules: state.rules, channel, present }),
      isTooFew: ofRule !== undefined && isTooFew(rule, people),
    });
    state.setTimes(channelId, times);
    if (ofRule !== undefined) return await this.#endIfDue(watched, ofRule, rule, times.fewSince);
    if (people === 0) await this.#noteEmpty(state, channelId);
    if (call === undefined && times.enoughSince !== null) await this.#startIfDue(watched, channelId);
  }

  /** After a restart the time with too few people continues to count. */
  #timesOf(state: GuildState, channelId: string, call: LiveRow | undefined) {
    const times = state.timesOf(channelId);
    const stop = state.stops.get(channelId);
    const isOfCall = call !== undefined && stop !== undefined && stop.since >= call.createdAt;
    return isOfCall ? { ...times, fewSince: times.fewSince ?? stop.since } : times;
  }

  async #endIfDue(
    watched: Watched,
    { jobId, voiceChannelId: channelId, ruleId, createdAt }: LiveRow,
    rule: AutoRecordRule | undefined,
    fewSince: number | null,
  ): Promise<void> {
    const { state } = watched;
    const { store, clock, endCall, log } = this.#ports;
    const { guildId } = state;
    const stop = state.stops.get(channelId);
    if (fewSince === null) {
      // A stop that was due stays: it says later that the rule ended the call.
      if (stop === undefined || stop.since < createdAt || stop.dueAt <= clock.now()) return;
      state.stops.delete(channelId);
      await store.resident.removeWait({ guildId, channelId, kind: "stop" });
      return;
    }
    const dueAt = endsAt(rule, fewSince);
    if (stop?.since !== fewSince || stop.dueAt !== dueAt) {
      const wait = { guildId, channelId, kind: "stop", ruleId: ruleId ?? "", since: fewSince, dueAt } as const;
      await store.resident.setWait(wait);
      state.stops.set(channelId, wait);
    }
    if (dueAt > clock.now()) return this.#later(watched, channelId, dueAt - clock.now());
    log.info({ jobId, ruleId }, "too few people are in the channel: the rule's call ends");
    await endCall(jobId);
  }

  /** Notes that nobody is there, if a rule waits for that. */
  async #noteEmpty(state: GuildState, channelId: string): Promise<void> {
    const now = this.#ports.clock.now();
    const past = await pastCalls(state, channelId, this.#ports);
    const pause = pauseAfter(past, { emptyAt: state.emptyAt.get(channelId) ?? null, now });
    if (pause?.kind !== "until_empty") return;
    state.emptyAt.set(channelId, now);
    await this.#ports.store.resident.setWait({
      ...{ guildId: state.guildId, channelId, kind: "empty", ruleId: "", since: now },
      dueAt: Number.MAX_SAFE_INTEGER,
    });
  }

  async #startIfDue(watched: Watched, channelId: string): Promise<void> {
    const { state } = watched;
    const { clock, startCall, log } = this.#ports;
    const situation = await situationOf(state, channelId, this.#ports);
    if (situation === undefined) return;
    const decision = decide(situation);
    const at = nextLook(decision);
    if (at !== undefined) this.#later(watched, channelId, Math.max(0, at - clock.now()));
    if (decision.kind !== "start") return;
    const { rule, bot } = decision;
    const started = await startCall(await this.#callOf(state, rule, { channelId, botId: bot.botId }));
    if (started.kind === "refused") {
      const now = clock.now();
      state.refused.set(channelId, { at: now, until: now + REFUSED_PAUSE_MS, detail: started.why });
      return this.#later(watched, channelId, REFUSED_PAUSE_MS);
    }
    const { job } = started;
    log.info({ jobId: job.id, ruleId: rule.id }, "a rule started a call");
    state.live.set(job.id, {
      ...{ jobId: job.id, botId: bot.botId, voiceChannelId: channelId, origin: "rule", ruleId: rule.id },
      createdAt: job.createdAt,
    });
    state.refused.delete(channelId);
    this.#lookAt(watched, channelId);
  }

  async #callOf(
    state: GuildState,
    rule: AutoRecordRule,
    { channelId, botId }: { readonly channelId: string; readonly botId: string },
  ): Promise<CallStart> {
    const { world, store, clock } = this.#ports;
    const { guildId } = state;
    const guild = world.guild(guildId);
    const settings = readGuildSettings((await store.resident.guild(guildId))?.settingsJson ?? null);
    const channel = guild?.channels.get(channelId);
    const named = rule.announceChannelId ?? settings.announceChannelId;
    const facts = {
      ...{ channel: channel?.name ?? channelId, server: guild?.name ?? guildId, at: clock.now() },
      category: guild?.channels.get(channel?.categoryId ?? "")?.name ?? "",
      starter: world.present(guildId, channelId).find(({ isBot }) => !isBot)?.name ?? "",
      timeZone: settings.timeZone,
    };
    return {
      ...{ guildId, voiceChannelId: channelId, panelChannelId: channelId, startedBy: null, botId },
      origin: { origin: "rule", ruleId: rule.id },
      title: rule.title === null ? null : titleOf(rule.title, facts),
      externalId: `discord:${guildId}:${rule.id}:${channelId}:${clock.now()}`,
      returnSeconds: rule.returnSeconds,
      endMessages: [
        { target: "channel", address: named !== null && guild?.channels.has(named) === true ? named : channelId },
      ],
    };
  }

  #later(watched: Watched, channelId: string, delayMs: number): void {
    this.#plan(`${watched.state.guildId} ${channelId}`, delayMs, () => this.#lookAt(watched, channelId));
  }

  /** Does something once after a while, instead of what was planned under the same key. */
  #plan(key: string, delayMs: number, action: () => void): void {
    this.#timers.get(key)?.();
    if (this.#isStopped) return;
    const cancel = this.#ports.after(delayMs, () => {
      this.#timers.delete(key);
      action();
    });
    this.#timers.set(key, cancel);
  }
}
