import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import type { CallFixture } from "../../src/fixture/call-script.ts";
import { type Loopback, startLoopback } from "../../src/loopback/loopback.ts";
import { verifyRecording } from "../../src/recording/verify.ts";
import { type Manifest, manifestSchema } from "../../src/session/manifest.ts";
import { RecordingFolder } from "../../src/storage/recording-folder.ts";
import { random } from "../fuzz/mutate.ts";
import { person, saidBy, toneCall } from "../support/tone-call.ts";
import { runCommand, soundOf, startCommand } from "../support/worker.ts";

const SPEAKERS = Array.from({ length: 10 }, (_, index) => person(index + 1));
const PACKETS = 200;
const PACKET_MS = 20;
/** From before the worker has logged in to after its last file is stored. */
const LONGEST_MS = 9_000;
/** What a kill may cost. */
const LOSS_MS = 1_000;
const LOOK_EVERY_MS = 20;

export interface KillReport {
  readonly atMs: number;
  /** What the worker had said last of its state; undefined where it had not joined yet. */
  readonly state: string | undefined;
  readonly recoverExitCode: number | null;
  /** One line each for what is not as it must be. */
  readonly faults: readonly string[];
  /** Packets that had been sent a second before the kill. */
  readonly due: number;
  readonly manifest: Manifest | undefined;
}

/** Kills a worker that records ten people at a moment of a call, recovers, and judges what is there. */
export async function killAndRecover(atMs: number): Promise<KillReport> {
  const fixture = makeCall();
  const workDir = await mkdtemp(join(tmpdir(), "meetbot-test-"));
  const loopback = await startLoopback({ fixture, workDir });
  try {
    const spool = join(workDir, "spool", "test");
    await mkdir(join(workDir, "spool"));
    const environment = {
      MEETBOT_STORAGE_URI: `file:${join(workDir, "recordings")}`,
      MEETBOT_SPOOL_DIR: join(workDir, "spool"),
      MEETBOT_JOB_ID: "test",
      MEETBOT_ROTATE_SILENCE_SECONDS: "1",
      MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS: "1",
    };
    const worker = startCommand(["record"], { ...environment, ...loopback.environment });
    const ledger = watchSent(loopback);
    await new Promise((resolve) => setTimeout(resolve, atMs));
    worker.kill("SIGKILL");
    const due = ledger.before(performance.now() - LOSS_MS);
    ledger.stop();
    const { stderr } = await worker.result;
    const state = /.*state: (\w+)/s.exec(stderr)?.[1];

    const faults: string[] = [];
    const recovered = await runCommand(["recover", spool], {});
    const directory = join(workDir, "recordings", "test");
    if (recovered.exitCode !== 0) faults.push(`recover exited ${recovered.exitCode}: ${recovered.stderr}`);
    if (existsSync(spool)) faults.push(`the spool still holds ${await readdir(spool)}`);
    const manifest = await readManifest(directory);
    if (manifest === undefined) {
      if (due.size > 0) faults.push("no manifest, although packets were due");
    } else {
      faults.push(...(await judge(fixture, directory, manifest, due)));
    }
    const before = await fingerprint(directory);
    const again = await runCommand(["recover", spool], {});
    if (again.exitCode !== 0) faults.push(`recover exited ${again.exitCode} the second time: ${again.stderr}`);
    if ((await fingerprint(directory)) !== before) faults.push("the second recover changed something");
    const dueCount = [...due.values()].reduce((sum, indices) => sum + indices, 0);
    return { atMs, state, recoverExitCode: recovered.exitCode, faults, due: dueCount, manifest };
  } finally {
    await loopback.close();
  }
}

/** Speakers whose parts end at different times. */
function makeCall(): CallFixture {
  return toneCall(
    SPEAKERS.map((user, index) => ({
      user,
      speaksFromMs: index * 37,
      packetCount: PACKETS,
      leavesAtMs: PACKETS * PACKET_MS + 2_000,
      pause: { afterPackets: 60 + index * 5, durationMs: 1_500 },
    })),
  );
}

/** How many of a speaker's packets were sent by when. */
function watchSent(loopback: Loopback) {
  const looks: { atMs: number; sent: Map<string, number> }[] = [];
  const timer = setInterval(() => {
    const sent = new Map(SPEAKERS.map(({ id }) => [id, loopback.sentOf(id).size]));
    looks.push({ atMs: performance.now(), sent });
  }, LOOK_EVERY_MS);
  return {
    before: (atMs: number): Map<string, number> =>
      looks.findLast((look) => look.atMs <= atMs)?.sent ?? new Map<string, number>(),
    stop: () => clearInterval(timer),
  };
}

async function readManifest(directory: string): Promise<Manifest | undefined> {
  const text = await readFile(join(directory, "manifest.json"), "utf8").catch(() => undefined);
  return text === undefined ? undefined : manifestSchema.parse(JSON.parse(text));
}

async function judge(
  fixture: CallFixture,
  directory: string,
  manifest: Manifest,
  due: ReadonlyMap<string, number>,
): Promise<string[]> {
  const { faults } = await verifyRecording(await RecordingFolder.open(directory));
  const found = [...faults];
  for (const [userId, count] of due) {
    const heard = new Set((await soundOf({ directory, manifest }, userId)).map(({ hex }) => hex));
    const missing = saidBy(fixture, userId)
      .slice(0, count)
      .flatMap((hex, index) => (heard.has(hex) ? [] : [index]));
    if (missing.length > 0)
      found.push(`${userId}: ${missing.length} of ${count} packets missing: ${missing.join(" ")}`);
  }
  return found;
}

/** Of every file in a folder, and its name. */
async function fingerprint(directory: string): Promise<string> {
  const hash = createHash("sha256");
  const names = existsSync(directory) ? (await readdir(directory)).sort() : [];
  for (const name of names) hash.update(name).update(await readFile(join(directory, name)));
  return hash.digest("hex");
}

/** Kills at so many random moments; the same for the same seed. */
export async function* killMany(times: number, seed: number): AsyncGenerator<KillReport> {
  const next = random(seed);
  for (let kill = 0; kill < times; kill += 1) yield await killAndRecover(Math.round(next() * LONGEST_MS));
}

/** `npm run kills -- --times 100 --seed 1` */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { times: { type: "string", default: "100" }, seed: { type: "string", default: "1" } },
  });
  let [kills, bad] = [0, 0];
  for await (const { atMs, state, due, faults } of killMany(Number(values.times), Number(values.seed))) {
    kills += 1;
    if (faults.length > 0) bad += 1;
    const verdict = faults.length === 0 ? "all there" : `\n  ${faults.join("\n  ")}`;
    process.stdout.write(`${kills}: killed after ${atMs} ms, ${state ?? "starting"}, ${due} packets due: ${verdict}\n`);
  }
  process.stdout.write(`seed ${values.seed}: ${kills} kills, ${bad} with faults\n`);
  process.exitCode = bad === 0 ? 0 : 1;
}

if (import.meta.main) await main();
