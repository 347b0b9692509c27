import { GatewayDispatchEvents } from "discord-api-types/v10";
import { AutoRecorder } from "../../../../src/service/resident/auto/auto-recorder.ts";
import { GuildCache } from "../../../../src/service/resident/discord/guild-cache.ts";
import { ruleFields } from "../../../../src/service/resident/domain/rules.ts";
import { openSqliteStore } from "../../../../src/service/store/sql-store.ts";
import { silentLog } from "../../../support/silent-log.ts";

/**
 * How much CPU voice states of many servers take: `node test/service/resident/auto/load.ts`. One server in ten has a rule
 * for all its channels, from three people on. People join, move and leave; nothing starts, so only the looking counts.
 */

const [GUILDS, CHANNELS, UPDATES] = [2_000, 20, 10_000] as const;

const store = await openSqliteStore(":memory:");
const world: GuildCache = new GuildCache((guildId, changed) => auto.changed(guildId, changed));
const auto = new AutoRecorder({
  ...{ store, world, clock: { now: () => Date.now() }, log: silentLog },
  botsFor: async () => [],
  startCall: async () => ({ kind: "refused", why: "this is only a measurement" }),
  endCall: async () => undefined,
  after: (delayMs, action) => {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
});
const guildId = (number: number): string => String(100_000_000_000_000_000n + BigInt(number));
const channelId = (guild: number, number: number): string =>
  String(200_000_000_000_000_000n + BigInt(guild * 100 + number));

for (let guild = 0; guild < GUILDS; guild += 10) {
  const ruleJson = JSON.stringify(ruleFields.parse({ target: { kind: "server" }, fromPeople: 3 }));
  const row = { id: `rule_${guild}`, guildId: guildId(guild), ruleJson, createdBy: "1", createdAt: 1, enabled: true };
  await store.resident.addRule(row);
}
await auto.start();
const before = process.memoryUsage().heapUsed;
const upFrom = process.cpuUsage();
for (let guild = 0; guild < GUILDS; guild += 1) {
  world.dispatch(GatewayDispatchEvents.GuildCreate, {
    ...{ id: guildId(guild), name: `Server ${guild}`, owner_id: "1", roles: [], members: [], voice_states: [] },
    channels: Array.from({ length: CHANNELS }, (_, number) => ({
      ...{ id: channelId(guild, number), name: `Channel ${number}`, type: number % 2 === 0 ? 2 : 0 },
    })),
  });
}
await idle();
report("2,000 servers came", process.cpuUsage(upFrom));

const from = process.cpuUsage();
for (let update = 0; update < UPDATES; update += 1) {
  const guild = (update * 7) % GUILDS;
  const userId = String(600_000_000_000_000_000n + BigInt(update % 5_000));
  world.dispatch(GatewayDispatchEvents.VoiceStateUpdate, {
    ...{ guild_id: guildId(guild), user_id: userId, session_id: "s" },
    channel_id: update % 3 === 2 ? null : channelId(guild, 2 * (update % 2)),
    member: { roles: [], user: { id: userId, username: "somebody" } },
  });
}
await idle();
report("10,000 voice states", process.cpuUsage(from));
process.stdout.write(
  `heap: ${Math.round((process.memoryUsage().heapUsed - before) / 1e6)} MB for ${GUILDS} servers of ${CHANNELS} channels\n`,
);
await auto.stop();
await store.close();

function report(what: string, { user, system }: NodeJS.CpuUsage): void {
  process.stdout.write(`${what}: ${Math.round((user + system) / 1_000)} ms of CPU\n`);
}

/** All looks that were begun have ended. */
async function idle(): Promise<void> {
  for (let turn = 0; turn < 2_000; turn += 1) await new Promise((done) => setImmediate(done));
}
