import { setTimeout as sleep } from "node:timers/promises";
import {
  type APIInteraction,
  GatewayDispatchEvents,
  type GatewayGuildDeleteDispatchData,
  type GatewayReadyDispatchData,
} from "discord-api-types/v10";
import { inviteUrl } from "../discord/guild/features.ts";
import { messageOf } from "../errors.ts";
import type { Log } from "../log.ts";
import { botIdOf } from "../service/domain/key-format.ts";
import type { Clock } from "../service/ports/clock.ts";
import type { KeyRow } from "../service/ports/keys.ts";
import type { Recordings } from "../service/ports/recordings.ts";
import type { ResidentState } from "../service/ports/resident-state.ts";
import type { Sealer, Store } from "../service/ports/store.ts";
import type { Work } from "../service/ports/work.ts";
import type { WorkerControl } from "../service/ports/workers.ts";
import { AutoRecorder } from "../service/resident/auto/auto-recorder.ts";
import { controlCommands } from "../service/resident/commands/control-call.ts";
import { listCommands } from "../service/resident/commands/list.ts";
import { merged } from "../service/resident/commands/merged.ts";
import { RULE_ROWS } from "../service/resident/commands/rule-rows.ts";
import { rulesCommands } from "../service/resident/commands/rules-commands.ts";
import { startCommand } from "../service/resident/commands/start.ts";
import { statusCommand } from "../service/resident/commands/status.ts";
import { registration } from "../service/resident/commands/table.ts";
import { ConsentForwarder } from "../service/resident/consent-forwarder.ts";
import { BotMemberships } from "../service/resident/discord/bot-memberships.ts";
import { DiscordMessages } from "../service/resident/discord/discord-messages.ts";
import { EarlyPresses } from "../service/resident/discord/early-presses.ts";
import { endMessenger } from "../service/resident/discord/end-messenger.ts";
import { GuildCache } from "../service/resident/discord/guild-cache.ts";
import { InteractionRouter } from "../service/resident/discord/interaction-router.ts";
import { registerUntilDone } from "../service/resident/discord/register-commands.ts";
import { ResidentGateway } from "../service/resident/discord/resident-gateway.ts";
import { EndMessages } from "../service/resident/end-messages.ts";
import { JobActions } from "../service/resident/job-actions.ts";
import { LoginWords } from "../service/resident/login-words.ts";
import { PanelKeeper } from "../service/resident/panel/panel-keeper.ts";
import { Pool } from "../service/resident/pool.ts";
import { CallStarter } from "../service/resident/start-call.ts";
import type { SharedLinks } from "../service/shared-link/shared-links.ts";
import { LoginBudget } from "../service/work/login-budget.ts";
import type { ResidentConfig } from "../settings/service.ts";

export interface ResidentParts {
  readonly config: ResidentConfig;
  readonly discordApi: string | undefined;
  readonly store: Store;
  readonly work: Work;
  readonly control: WorkerControl;
  readonly recordings: Recordings;
  readonly links: SharedLinks;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly log: Log;
  /** Whose jobs the recordings are. */
  readonly key: KeyRow;
  readonly retentionMs: number | null;
}

export interface RunningResident {
  state(): ResidentState;
  close(): Promise<void>;
}

/** The answer to `/record start` waits so long for the bot to record. */
const START_PATIENCE_MS = 8_000;
const KNOWN_WITHIN_MS = 10_000;
const END_MESSAGES_MS = 5_000;
const END_PATIENCE_MS = 3_000;

/** Connects the service's own bot to Discord, in the background: the service does not depend on it. */
export async function startResident(parts: ResidentParts): Promise<RunningResident> {
  const { config, store, work, control, recordings, links, sealer, clock, log, key, retentionMs } = parts;
  const ownBotId = botIdOf(config.token) ?? "";
  const logins = new LoginBudget({ store, clock });
  const stopped = new AbortController();
  const after = (delayMs: number, action: () => void): (() => void) => {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  };
  const world: GuildCache = new GuildCache((guildId, changed) => auto.changed(guildId, changed));
  const gateway: ResidentGateway = new ResidentGateway({
    ...{ token: config.token, apiUrl: parts.discordApi, log },
    sleep: async (ms, signal) => await sleep(ms, undefined, { signal }).catch(() => undefined),
    onDispatch: (kind, data) => dispatch(kind, data),
    onLogin: () =>
      void logins.noteResident(ownBotId).catch((error: unknown) => log.warn({ err: error }, "a login was not counted")),
    onLimit: ({ total, remaining, resetAfterMs }) => {
      const seenAt = clock.now();
      const limit = { botId: ownBotId, total, remaining, seenAt, resetAt: seenAt + resetAfterMs };
      void logins.noteLimit(limit).catch((error: unknown) => log.warn({ err: error }, "logins were not counted"));
    },
    onState: ({ kind }) => auto.online(kind === "connected"),
  });
  const messages = new DiscordMessages(gateway.rest);
  const memberships = new BotMemberships({ world, clock, rest: gateway.rest });
  const loginWords = new LoginWords(logins, (botId) => memberships.nameOf(botId));
  const bots = [config.token, ...config.pool].map((token) => ({ botId: botIdOf(token) ?? "", token }));
  const pool = new Pool({
    bots,
    nameOf: (botId) => memberships.nameOf(botId),
    membership: (guildId, channelId, botId) => memberships.of(guildId, channelId, botId),
    voiceChannelOf: (guildId, botId) => world.voiceChannelOf(guildId, botId),
  });
  const starter = new CallStarter({
    ...{ store, work, sealer, clock, key, ownBotId, retentionMs },
    panels: {
      post: async (channelId, message) => {
        const posted = await messages.post(channelId, message);
        if (posted.kind === "posted") return posted;
        log.info({ channelId, why: "why" in posted ? posted.why : posted.kind }, "a panel could not be posted");
        return undefined;
      },
      remove: async (posted) => void (await messages.remove(posted)),
    },
    tokenOf: (botId) => pool.tokenOf(botId),
    loginRefusal: (botId) => loginWords.refusal(botId),
  });
  const botsFor = (guildId: string, channelId: string) => pool.botsFor(guildId, channelId);
  const startCall = (call: Parameters<CallStarter["start"]>[0]) => starter.start(call);
  const auto: AutoRecorder = new AutoRecorder({
    ...{ store, world, botsFor, startCall, clock, after, log },
    endCall: (jobId) => work.end(jobId, "leave"),
  });
  const consents = new ConsentForwarder({ store, control, after, log });
  const panels = new PanelKeeper({ store, messages, recordings, ownBotId, clock, after, log });
  const endMessages = new EndMessages({ store, links, recordings, clock, log, messenger: endMessenger(messages) });
  const sendEndMessages = (): void =>
    void endMessages.tick().catch((error: unknown) => log.warn({ err: error }, "messages at the end of calls wait"));
  const handlers = merged(
    {
      commands: {
        start: startCommand({
          ...{ store, botsFor, startCall, invite, jobs: store, patienceMs: START_PATIENCE_MS },
        }),
        status: statusCommand({ store, loginSentences: () => loginWords.sentences(bots.map(({ botId }) => botId)) }),
      },
      components: {},
      modals: {},
    },
    controlCommands({ store, actions: new JobActions({ work, control }) }),
    listCommands({ store, links }),
    rulesCommands({ store: store.resident, auto, world, consents, botsFor, invite }),
  );
  const router = new InteractionRouter({
    rest: gateway.rest,
    handlers,
    world,
    log,
    now: () => clock.now(),
    invite: () => invite(ownBotId),
    knownWithinMs: KNOWN_WITHIN_MS,
  });
  const presses = new EarlyPresses({
    ...{ rest: gateway.rest, store: store.resident, consents, log },
    now: () => clock.now(),
  });
  let registering: Promise<void> | undefined;

  function dispatch(kind: string, data: unknown): void {
    try {
      if (kind === GatewayDispatchEvents.Ready) onReady(data as GatewayReadyDispatchData);
      else if (kind === GatewayDispatchEvents.InteractionCreate) {
        router.handle(data as APIInteraction);
        void presses.handle(data as APIInteraction);
      } else {
        world.dispatch(kind, data);
        if (kind === GatewayDispatchEvents.GuildDelete) onGone(data as GatewayGuildDeleteDispatchData);
      }
    } catch (error) {
      log.warn({ kind, error: messageOf(error) }, "Discord sent a dispatch of an unknown shape; it was left out");
    }
  }

  /** Discord says the same of an outage, with `unavailable`. */
  function onGone({ id, unavailable }: GatewayGuildDeleteDispatchData): void {
    if (unavailable === true) return;
    auto.removed(id).catch((error: unknown) => log.warn({ err: error, guildId: id }, "a server was not forgotten"));
  }

  function onReady({ application, guilds }: GatewayReadyDispatchData): void {
    // Until Discord sends their state again, nobody knows who is there.
    for (const { id } of guilds) world.dispatch(GatewayDispatchEvents.GuildDelete, { id, unavailable: true });
    registering ??= registerUntilDone({
      ...{ rest: gateway.rest, log, signal: stopped.signal, applicationId: application.id },
      ...{ command: registration(RULE_ROWS), guildIds: config.commandGuilds },
    });
  }

  await auto.start();
  await consents.start();
  await panels.start();
  gateway.start();
  const unsubscribe = store.onJobChange(sendEndMessages);
  const timer = setInterval(sendEndMessages, END_MESSAGES_MS);
  return {
    state: () => gateway.state,
    close: async () => {
      stopped.abort();
      unsubscribe();
      clearInterval(timer);
      // One that is under way is waited for; the next service sends the others.
      await Promise.race([endMessages.tick().catch(() => undefined), sleep(END_PATIENCE_MS)]);
      await gateway.close();
      await router.idle();
      await Promise.all([auto.stop(), panels.stop(), registering]);
      consents.stop();
    },
  };
}

function invite(botId: string): string {
  return inviteUrl(botId, { chat: true, notices: true, spokenNotice: true, nickname: false });
}
