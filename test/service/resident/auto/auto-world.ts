import { randomBytes } from "node:crypto";
import { GatewayDispatchEvents } from "discord-api-types/v10";
import { onTestFinished } from "vitest";
import type { Store } from "../../../../src/service/ports/store.ts";
import { AutoRecorder } from "../../../../src/service/resident/auto/auto-recorder.ts";
import { GuildCache } from "../../../../src/service/resident/discord/guild-cache.ts";
import type { PanelMessage } from "../../../../src/service/resident/domain/panel-state.ts";
import type { PoolBot } from "../../../../src/service/resident/domain/pool-choice.ts";
import type { RuleFields } from "../../../../src/service/resident/domain/rules.ts";
import { CallStarter } from "../../../../src/service/resident/start-call.ts";
import { createSealer } from "../../../../src/service/secrets/sealer.ts";
import { openSqliteStore } from "../../../../src/service/store/sql-store.ts";
import type { ExitReason } from "../../../../src/session/exit.ts";
import type { JobEvent } from "../../../../src/session/job-events.ts";
import { silentLog } from "../../../support/silent-log.ts";
import { AT, FINALIZED, statusEvent } from "../../support/job-rows.ts";
import { keyRow, withKey } from "../../support/store-rows.ts";
import { BOT, CHANNEL, rule } from "../domain/situations.ts";

export const GUILD_ID = "100000000000000001";
export const OTHER_CHANNEL_ID = "200000000000000002";
const SEALER = createSealer([randomBytes(32)]);
const TOKENS = new Map(
  [BOT.botId, "500000000000000002"].map((id) => [id, `${btoa(id).replaceAll("=", "")}.abcdef.0123456789abcdef`]),
);

interface Timer {
  readonly dueAt: number;
  readonly action: () => void;
}

/** A server with rules, people who come and go, and workers that report what they do. All on a clock that the test moves. */
export async function autoWorld() {
  const store = await withKey(await openSqliteStore(":memory:"));
  onTestFinished(() => store.close());
  let now = AT;
  let timers: Timer[] = [];
  let bots: PoolBot[] = [BOT];
  const voice = new Map<string, string>();
  const panels: PanelMessage[] = [];
  const asked: string[] = [];
  const clock = { now: () => now };
  const starter = new CallStarter({
    ...{
      store,
      clock,
      sealer: SEALER,
      work: { wake: () => undefined },
      key: keyRow(),
      ownBotId: BOT.botId,
      retentionMs: null,
    },
    panels: {
      post: async (channelId, message) => {
        panels.push(message);
        return { channelId, messageId: `80000000000000000${panels.length}` };
      },
      remove: async () => void panels.pop(),
    },
    loginRefusal: async () => undefined,
    tokenOf: (botId) => TOKENS.get(botId) ?? "",
  });

  /** A new process: it knows only what the database and Discord say. */
  const boot = async () => {
    const world = new GuildCache((guildId, changed) => auto.changed(guildId, changed));
    const auto: AutoRecorder = new AutoRecorder({
      ...{ store, world, clock, log: silentLog },
      botsFor: async () => bots,
      startCall: (call) => starter.start(call),
      endCall: async (jobId) => void asked.push(jobId),
      after: (delayMs, action) => {
        const timer = { dueAt: now + delayMs, action };
        timers.push(timer);
        return () => void timers.splice(timers.indexOf(timer), 1);
      },
    });
    await auto.start();
    return { world, auto };
  };
  let process = await boot();

  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 50; turn += 1) await new Promise((done) => setImmediate(done));
  };
  const guildUp = async (): Promise<void> => {
    process.world.dispatch(GatewayDispatchEvents.GuildCreate, guild(voice));
    await settle();
  };
  await guildUp();

  return {
    store,
    panels,
    /** Jobs that were asked to end. */
    asked,
    auto: () => process.auto,
    addRule: async (fields: Partial<RuleFields> = {}, id = "rule_1") => {
      const { id: _id, enabled: _enabled, ...json } = rule(fields);
      const row = { id, guildId: GUILD_ID, createdBy: "1", createdAt: now, enabled: true };
      await store.resident.addRule({ ...row, ruleJson: JSON.stringify(json) });
      await process.auto.rulesChanged(GUILD_ID);
      await settle();
    },
    setBots: (given: PoolBot[]) => {
      bots = given;
    },
    /** A person joins a channel, or moves there. */
    join: async (userId: string, channelId = CHANNEL.id) => {
      voice.set(userId, channelId);
      process.world.dispatch(GatewayDispatchEvents.VoiceStateUpdate, voiceState(userId, channelId));
      await settle();
    },
    leave: async (userId: string) => {
      voice.delete(userId);
      process.world.dispatch(GatewayDispatchEvents.VoiceStateUpdate, voiceState(userId, null));
      await settle();
    },
    pass: async (ms: number) => {
      const until = now + ms;
      for (;;) {
        const next = timers.filter(({ dueAt }) => dueAt <= until).sort((a, b) => a.dueAt - b.dueAt)[0];
        if (next === undefined) break;
        timers = timers.filter((timer) => timer !== next);
        now = Math.max(now, next.dueAt);
        next.action();
        await settle();
      }
      now = until;
      await settle();
    },
    /** The service dies, and for a while nobody sees what happens. */
    restart: async (downMs: number) => {
      await process.auto.stop();
      timers = [];
      now += downMs;
      process = await boot();
      await guildUp();
    },
    jobs: async () => (await store.resident.calls(GUILD_ID, { limit: 50 })).items.map(({ job }) => job),
    /** Somebody gives the command. */
    command: async ({ botId = BOT.botId, externalId = "discord:command" } = {}) => {
      const started = await starter.start({
        ...{ guildId: GUILD_ID, voiceChannelId: CHANNEL.id, panelChannelId: CHANNEL.id, botId, title: null },
        ...{ startedBy: "600000000000000001", externalId, endMessages: [] },
        origin: { origin: "command", ruleId: null },
      });
      await settle();
      return started;
    },
    records: async (jobId: string) => {
      const token = `token ${jobId}`;
      await store.claim(jobId, { at: now, task: "record", ingestTokenHash: token, controlTokenSealed: "sealed" });
      await store.applyJobEvent(jobId, { type: "launched", at: now, attempt: 1, worker: "{}" });
      for (const status of ["joining", "in_call", "recording"] as const)
        await report(store, jobId, statusEvent(status), now);
      await settle();
    },
    ends: async (jobId: string, exitReason: ExitReason) => {
      await report(store, jobId, { ...FINALIZED, exitReason } as JobEvent, now);
      await report(store, jobId, statusEvent("finalizing"), now);
      await report(store, jobId, statusEvent("completed"), now);
      await settle();
    },
    explain: async (channelId = CHANNEL.id) =>
      (await process.auto.explain(GUILD_ID, channelId, (id) => `https://invite/${id}`)) ?? [],
  };
}

let deliveries = 0;

async function report(store: Store, jobId: string, event: JobEvent, at: number): Promise<void> {
  deliveries += 1;
  await store.ingest(
    `token ${jobId}`,
    {
      deliveryId: `dlv_${String(deliveries).padStart(26, "0")}`,
      ...{ event: event.event, emittedAt: new Date(at).toISOString(), attempt: 1, version: 2 },
      data: { ...event, jobId },
    } as Parameters<Store["ingest"]>[1],
    at,
  );
}

function voiceState(userId: string, channelId: string | null) {
  return {
    ...{ guild_id: GUILD_ID, user_id: userId, channel_id: channelId, session_id: userId },
    member: { roles: [], user: { id: userId, username: `user ${userId}`, bot: userId.startsWith("7") } },
  };
}

function guild(voice: ReadonlyMap<string, string>) {
  const states = [...voice].map(([userId, channelId]) => voiceState(userId, channelId));
  return {
    ...{ id: GUILD_ID, name: "Server", owner_id: "1", roles: [], members: states.map(({ member }) => member) },
    channels: [
      { id: CHANNEL.id, name: CHANNEL.name, type: 2, parent_id: CHANNEL.categoryId },
      { id: OTHER_CHANNEL_ID, name: "Other", type: 2, parent_id: null },
      { id: CHANNEL.categoryId, name: "Category", type: 4 },
    ],
    voice_states: states.map(({ guild_id: _id, member: _member, ...state }) => state),
  };
}
