import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { lineOf } from "../child-output.ts";
import { LoopbackProcess } from "../loopback-process.ts";
import { withPeerHome } from "../peer-home.ts";
import { PEER, type PeerHost, type PeerName, startPeer } from "../peers.ts";
import type { Plan } from "../plan.ts";
import type { FigureName, Measurement } from "../results.ts";
import { median } from "../statistics.ts";

const SPEAKERS = 10;
/** More than a run lasts: everybody still talks when the worker gets SIGTERM. */
const SPEECH_SECONDS = 60;
/** They are short, and differ more than others. */
const RUNS_A_ROUND = 3;
const RECORDED_MS = 3_000;
const LOOK_INTERVAL_MS = 2;
const PATIENCE_MS = 30_000;
/** RFC 7845 §3: OpusHead and OpusTags have a page each; audio begins with the third. */
const FIRST_AUDIO_PAGE = 3;

type Times = Partial<Record<Extract<FigureName, `${string}AfterMs`>, number>>;

/**
 * How long it takes from the process' start until it records, until a packet is on the disk, and from SIGTERM
 * until the manifest is stored, synced, with ten people talking all the time. The recipe has no manifest, and
 * the floor writes in batches.
 *
 * The worker is also started as on a machine where it has never run: without compiled code from an earlier start.
 */
export async function measureStart(plan: Plan): Promise<Measurement[]> {
  const { host, peers } = plan;
  const rounds = plan.quick ? plan.rounds : plan.rounds * RUNS_A_ROUND;
  const runs = new Map<PeerName, Times[]>(peers.map((peer) => [peer, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const peer of peers) {
      const times = peer === "ours" && !plan.quick ? await ourTimes(plan) : await timesOf(peer, host, plan);
      runs.get(peer)?.push(times);
      const words = Object.entries(times).map(([name, ms]) => `${name} ${ms.toFixed(0)}`);
      plan.progress(`start, round ${round} of ${rounds}: ${peer}, ${words.join(", ")}`);
    }
  }
  return peers.map((peer) => ({
    section: "start",
    peer,
    load: { speakers: SPEAKERS, speech: "continuous" },
    rounds,
    figures: mediansOf(runs.get(peer) ?? []),
    instead: {},
  }));
}

async function ourTimes(plan: Plan): Promise<Times> {
  const { recordingAfterMs: firstRecordingAfterMs } = await withPeerHome(async (home) => {
    return await timesOf("ours", { ...plan.host, home }, plan);
  });
  const times = await timesOf("ours", plan.host, plan);
  return firstRecordingAfterMs === undefined ? times : { ...times, firstRecordingAfterMs };
}

async function timesOf(peer: PeerName, host: PeerHost, plan: Plan): Promise<Times> {
  const workDir = await mkdtemp(join(tmpdir(), "meetbot-bench-start-"));
  const outputDirectory = join(workDir, "output");
  await mkdir(outputDirectory);
  const audioFolder = PEER[peer].audioFolder(outputDirectory);
  await mkdir(audioFolder, { recursive: true });
  const loopbacks = new LoopbackProcess();
  const load = {
    seed: plan.seed,
    speakers: SPEAKERS,
    seconds: SPEECH_SECONDS,
    speech: "continuous",
    leadInMs: 0,
  } as const;
  let child: ChildProcess | undefined;
  try {
    const { environment } = await loopbacks.open({
      load,
      impairments: { seed: plan.seed },
      encryptionMode: "aead_aes256_gcm_rtpsize",
      workDir,
    });
    const startedAtMs = performance.now();
    child = startPeer(peer, {
      host,
      outputDirectory,
      environment: { ...environment, MEETBOT_LOG_LEVEL: "info" },
      cores: plan.cores.peer,
      readOutput: true,
    });
    const recording = lineOf(child, "state: recording", PATIENCE_MS).then(() => performance.now() - startedAtMs);
    const firstPacket = peer === "floor" ? undefined : firstPacketAtMs(audioFolder, PEER[peer].audioSuffix);
    const recordingAfterMs = await recording;
    if (firstPacket === undefined) return { recordingAfterMs };
    const firstPacketAfterMs = (await firstPacket) - startedAtMs;
    if (peer === "recipe") return { recordingAfterMs, firstPacketAfterMs };
    await sleep(RECORDED_MS);
    return { recordingAfterMs, firstPacketAfterMs, manifestAfterMs: await leave(child) };
  } finally {
    if (child !== undefined && child.exitCode === null) {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    }
    await loopbacks.close();
    await rm(workDir, { recursive: true, force: true });
  }
}

/** The worker writes the manifest's address when everything is stored. @returns how long that took */
async function leave(child: ChildProcess): Promise<number> {
  const stored = lineOf(child, "manifest.json", PATIENCE_MS);
  const askedAtMs = performance.now();
  child.kill("SIGTERM");
  await stored;
  return performance.now() - askedAtMs;
}

/** When a file of the peer holds a page of audio. */
async function firstPacketAtMs(audioFolder: string, audioSuffix: string): Promise<number> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  while (performance.now() < deadlineMs) {
    const names = await readdir(audioFolder, { recursive: true });
    for (const name of names.filter((path) => path.endsWith(audioSuffix))) {
      if (pagesIn(await readFile(join(audioFolder, name))) >= FIRST_AUDIO_PAGE) return performance.now();
    }
    await sleep(LOOK_INTERVAL_MS);
  }
  throw new Error("no packet came to the disk");
}

function pagesIn(file: Buffer): number {
  return file.toString("latin1").split("OggS").length - 1;
}

function mediansOf(runs: readonly Times[]): Times {
  const names = new Set(runs.flatMap((times) => Object.keys(times)));
  return Object.fromEntries([...names].map((name) => [name, median(runs.map((times) => Reflect.get(times, name)))]));
}
