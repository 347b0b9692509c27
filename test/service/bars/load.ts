/**
 * `npm run service:load -- --calls 30 --seconds 60`: calls of five speakers who talk without pauses, under one service as
 * it ships. No packet may be lost, and the service itself may take 120 MB and 2 % of a core meanwhile. Linux only.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { isOver } from "../../../src/service/domain/job-row.ts";
import { sealPurpose } from "../../../src/service/domain/seal-purpose.ts";
import type { Sealer, Store } from "../../../src/service/ports/store.ts";
import { openKeyFile } from "../../../src/service/secrets/key-file.ts";
import { createSealer } from "../../../src/service/secrets/sealer.ts";
import { openSqliteStore } from "../../../src/service/store/sql-store.ts";
import { type Load, makeLoad } from "../../bench/load.ts";
import { LoopbackProcess, type PlayedCall } from "../../bench/loopback-process.ts";
import { judge } from "../../bench/metrics.ts";
import { readOurs } from "../../bench/outputs.ts";
import { cpuOf, memoryOf } from "../../bench/process-usage.ts";
import { WORKER_ARGUMENTS, WORKER_ENVIRONMENT } from "../../support/shipped-worker.ts";
import { CHANNEL_ID, GUILD_ID } from "../../support/tone-call.ts";
import { answerOf, jobId, newJob, OWNER, withKey } from "../support/store-rows.ts";

const SPEAKERS = 5;
/** Each call is silent until the last worker is there. */
const LEAD_IN_MS = 40_000;
const LOOK_MS = 500;
const SAMPLE_MS = 1_000;
const LIMIT_MS = 180_000;
const MAX_MEGABYTES = 120;
const MAX_CPU_PERCENT = 2;

interface Call {
  readonly load: Load;
  readonly played: PlayedCall;
}

interface Usage {
  readonly cpuPercent: number;
  readonly megabytes: number;
  readonly peakMegabytes: number;
  readonly seconds: number;
}

/** Packets that were sent and are in no file. */
async function lostOf(
  data: string,
  n: number,
  { load, played }: Call,
): Promise<{ sent: number; lost: number; lagMs: number }> {
  const { sent, lagMs } = await played.sent;
  const { received } = judge(await readOurs(join(data, "recordings", jobId(n))), load.truth);
  return { sent, lost: sent - received, lagMs };
}

async function addJob(store: Store, sealer: Sealer, n: number, { played }: Call): Promise<void> {
  const { DISCORD_BOT_TOKEN: token = "", MEETBOT_MEETING_URL: _, ...environment } = played.environment;
  const settingsJson = JSON.stringify({
    MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS: "1",
    MEETBOT_NOTICE: "off",
    ...environment,
  });
  const tokenSealed = sealer.seal(token, sealPurpose.botToken(jobId(n)));
  const noHooks = { webhooksSealed: null, hasStatusHook: false, hasFinalizeHook: false };
  const job = newJob(n, { guildId: GUILD_ID, channelId: CHANNEL_ID, settingsJson, tokenSealed, ...noHooks });
  await store.createJob(job, { at: Date.now(), answerOf });
}

function serve(data: string, calls: number): ChildProcess {
  return spawn(process.execPath, [...WORKER_ARGUMENTS, "serve"], {
    env: {
      ...{ PATH: process.env.PATH, HOME: process.env.HOME, ...WORKER_ENVIRONMENT },
      ...{ MEETBOT_SERVICE_DATA_DIR: data, MEETBOT_SERVICE_PORT: "0", MEETBOT_SERVICE_MAX_WORKERS: String(calls) },
      ...{ MEETBOT_SERVICE_LOG_LEVEL: "warn" },
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
}

async function untilJobs(store: Store, calls: number, is: (status: string) => boolean): Promise<void> {
  for (let waitedMs = 0; waitedMs < LIMIT_MS; waitedMs += LOOK_MS) {
    const counts = Object.entries(await store.countByStatus());
    if (counts.reduce((sum, [status, count]) => sum + (is(status) ? count : 0), 0) === calls) return;
    await sleep(LOOK_MS);
  }
  const { items } = await store.jobs(OWNER, {}, { limit: calls });
  throw new Error(
    `not all jobs are as expected: ${items.map((job) => `${job.status} ${job.failureDetail}`).join("; ")}`,
  );
}

/** What the service uses from now until the first call is over. */
async function usageWhile(pid: number, running: Promise<unknown>): Promise<Usage> {
  const [before, startedAtMs] = [cpuOf(pid).allMs, performance.now()];
  const bytes: number[] = [];
  const sampling = setInterval(() => bytes.push(memoryOf(pid).residentBytes), SAMPLE_MS);
  await running;
  clearInterval(sampling);
  const elapsedMs = performance.now() - startedAtMs;
  return {
    cpuPercent: ((cpuOf(pid).allMs - before) / elapsedMs) * 100,
    megabytes: Math.max(...bytes) / 1e6,
    peakMegabytes: memoryOf(pid).peakBytes / 1e6,
    seconds: elapsedMs / 1_000,
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { calls: { type: "string", default: "30" }, seconds: { type: "string", default: "60" } },
  });
  const [count, seconds] = [Number(values.calls), Number(values.seconds)];
  const data = await mkdtemp(join(tmpdir(), "meetbot-load-"));
  const store = await withKey(await openSqliteStore(join(data, "service.db")), { maxConcurrent: count });
  const sealer = createSealer(await openKeyFile(join(data, "sealing.key")));
  const loopbacks = new LoopbackProcess();
  const service = serve(data, count);
  try {
    const calls: Call[] = [];
    for (let n = 0; n < count; n += 1) {
      const load = makeLoad({ seed: n, speakers: SPEAKERS, seconds, speech: "continuous", leadInMs: LEAD_IN_MS });
      const request = {
        load: load.options,
        impairments: { seed: n },
        encryptionMode: "aead_aes256_gcm_rtpsize",
      } as const;
      // Each has a certificate.
      const workDir = join(data, `loopback-${n}`);
      await mkdir(workDir);
      calls.push({ load, played: await loopbacks.open({ ...request, workDir }) });
    }
    for (const [n, call] of calls.entries()) await addJob(store, sealer, n, call);
    const [fromLoad] = loadavg();
    await untilJobs(store, count, (status) => status === "recording");
    await Promise.all(calls.map(({ played }) => played.started));
    const usage = await usageWhile(service.pid ?? 0, Promise.race(calls.map(({ played }) => played.sent)));
    const [toLoad] = loadavg();
    await untilJobs(store, count, (status) => isOver(status as "failed"));
    const results = await Promise.all(calls.map((call, n) => lostOf(data, n, call)));
    const sum = (of: (result: (typeof results)[number]) => number) =>
      results.reduce((total, each) => total + of(each), 0);
    const lost = sum((result) => result.lost);
    process.stdout.write(
      `${count} calls of ${SPEAKERS} speakers for ${usage.seconds.toFixed(0)} s: ${lost} of ${sum(({ sent }) => sent)} packets lost, ` +
        `the load was at most ${Math.max(...results.map(({ lagMs }) => lagMs)).toFixed(0)} ms late; ` +
        `the service took ${usage.cpuPercent.toFixed(1)} % of a core and ${usage.megabytes.toFixed(0)} MB (peak ${usage.peakMegabytes.toFixed(0)} MB); ` +
        `load of the machine ${fromLoad?.toFixed(1)} before and ${toLoad?.toFixed(1)} at the end\n`,
    );
    const isGood = lost === 0 && usage.megabytes <= MAX_MEGABYTES && usage.cpuPercent <= MAX_CPU_PERCENT;
    process.exitCode = isGood ? 0 : 1;
  } finally {
    const ended = once(service, "exit");
    service.kill("SIGTERM");
    await ended;
    await store.close();
    await loopbacks.close();
    await rm(data, { recursive: true, force: true });
  }
}

await main();
