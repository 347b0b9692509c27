import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Loopback, type LoopbackOptions, startLoopback } from "../../src/loopback/loopback.ts";
import { CHANNEL_ID, GUILD_ID, person, toneCall } from "../support/tone-call.ts";
import { type RunningWorker, recordFixture, startCommand } from "../support/worker.ts";

const ALICE = person(1);
const short = () => toneCall([{ user: ALICE, leavesAtMs: 1_500, speaksFromMs: 0, packetCount: 50 }]);

interface Refused {
  readonly exitCode: number | null;
  readonly stderr: string;
  readonly log: Loopback["log"];
}

/** A worker that is not let in: what it says, and what it has tried. */
async function refused(
  options: Partial<LoopbackOptions>,
  environment: Record<string, string> = {},
  prepare: (loopback: Loopback) => void = () => undefined,
): Promise<Refused> {
  const workDir = await mkdtemp(join(tmpdir(), "meetbot-test-"));
  const loopback = await startLoopback({ fixture: short(), workDir, ...options });
  try {
    prepare(loopback);
    const worker: RunningWorker = startCommand(["record"], {
      MEETBOT_LOG_LEVEL: "silent",
      MEETBOT_STORAGE_URI: `file:${join(workDir, "recordings")}`,
      MEETBOT_SPOOL_DIR: join(workDir, "spool"),
      ...environment,
      ...loopback.environment,
    });
    const { exitCode, stderr } = await worker.result;
    return { exitCode, stderr, log: [...loopback.log] };
  } finally {
    await loopback.close();
  }
}

describe.concurrent("a bot that is in many servers", () => {
  it("opens only the shard of the job's server, and records before the other servers arrive", async () => {
    const recorded = await recordFixture(short(), { loopback: { otherGuilds: 300, shards: 3, jobGuildLast: false } });
    expect(recorded).toMatchObject({ exitCode: 0, manifest: { exitReason: "alone_in_room" } });
    expect(recorded.manifest.tracks).toMatchObject([{ packets: { received: 50, lost: 0 } }]);
    const identified = recorded.log.filter((event) => event.kind === "gateway_identify");
    expect(identified).toMatchObject([{ shardId: Number((BigInt(GUILD_ID) >> 22n) % 3n), shardCount: 3 }]);
  });
});

describe.concurrent("a bot that is not let in says why, does not retry in a loop, and exits", () => {
  it("without permission to connect", async () => {
    const { exitCode, stderr, log } = await refused({ deniedPermissions: { [CHANNEL_ID]: ["connect"] } });
    expect(stderr).toBe(
      'meetbot-discord: host_denied_admission (customer): the bot lacks the permission Connect in the channel "Meeting"\n',
    );
    expect(exitCode).toBe(1);
    expect(log.some(({ kind }) => kind === "voice_open")).toBe(false);
  });

  it("without permission to view the channel, which then has no name", async () => {
    const { exitCode, stderr } = await refused({ deniedPermissions: { [CHANNEL_ID]: ["viewChannel"] } });
    expect(stderr).toBe(
      `meetbot-discord: host_denied_admission (customer): the bot lacks the permission View Channel in the channel ${CHANNEL_ID}\n`,
    );
    expect(exitCode).toBe(1);
  });

  it("while timed out, naming when that ends", async () => {
    const { exitCode, stderr, log } = await refused({ botTimedOutUntil: "2999-01-02T03:04:05.000Z" });
    expect(stderr).toBe(
      'meetbot-discord: host_denied_admission (customer): a moderator has put the bot in time-out in the server "Loopback" until 2999-01-02T03:04:05.000Z; it cannot join before\n',
    );
    expect(exitCode).toBe(1);
    expect(log.some(({ kind }) => kind === "voice_open")).toBe(false);
  });

  it("if the channel is full", async () => {
    const { exitCode, stderr } = await refused({ userLimits: { [CHANNEL_ID]: 1 } });
    expect(stderr).toBe(
      'meetbot-discord: host_denied_admission (customer): the channel "Meeting" is full: 1 of 1 places\n',
    );
    expect(exitCode).toBe(1);
  });

  it("if it has used up its logins for the day", async () => {
    const { exitCode, stderr, log } = await refused({
      sessionStartLimit: { total: 1_000, remaining: 0, resetAfterMs: 3_600_000 },
    });
    expect(stderr).toMatch(
      /^meetbot-discord: network_loss \(platform\): the bot has used up its 1000 logins of the day; the next is possible at \d{4}-/,
    );
    expect(exitCode).toBe(2);
    expect(log.some(({ kind }) => kind === "gateway_identify")).toBe(false);
  });

  it("if another session of the same bot is in a voice channel of the server", async () => {
    const { exitCode, stderr, log } = await refused({ botAlreadyInVoice: "100000000000000004" });
    expect(stderr).toBe(
      'meetbot-discord: host_denied_admission (customer): the bot is in the voice channel "Elsewhere" of this server already, through another session; set MEETBOT_TAKEOVER=true to take it over\n',
    );
    expect(exitCode).toBe(1);
    expect(log.some(({ kind }) => kind === "voice_open")).toBe(false);
  });

  it("unless its settings allow a takeover", async () => {
    const recorded = await recordFixture(short(), {
      loopback: { botAlreadyInVoice: "100000000000000004" },
      environment: { MEETBOT_TAKEOVER: "true" },
    });
    expect(recorded).toMatchObject({ exitCode: 0, manifest: { exitReason: "alone_in_room" } });
    expect(recorded.manifest.tracks).toMatchObject([{ packets: { received: 50 } }]);
  });

  it("if voice refuses its encryption", async () => {
    const { exitCode, stderr } = await refused({}, {}, ({ faults }) => faults.closeVoiceAt("identify", 4017, 5));
    expect(stderr).toMatch(
      /^meetbot-discord: recording_disabled \(platform\): Discord demands an end-to-end encryption/,
    );
    expect(exitCode).toBe(2);
  });

  it.each(["identify", "ready", "select_protocol"] as const)(
    "if voice stops answering at stage %s, after its deadline, having left the channel",
    async (stage) => {
      const { exitCode, stderr, log } = await refused({}, {}, ({ faults }) => faults.stallVoice(stage, 9));
      expect(stderr).toBe(
        "meetbot-discord: lobby_timeout (platform): Discord's voice server did not answer within 30 s\n",
      );
      expect(exitCode).toBe(2);
      expect(log.filter(({ kind }) => kind === "voice_open").length).toBeLessThanOrEqual(3);
    },
  );
});
