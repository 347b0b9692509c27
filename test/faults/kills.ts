import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { readOutbox } from "../../src/delivery/outbox-lines.ts";
import type { CallFixture } from "../../src/fixture/call-script.ts";
import { type Loopback, startLoopback } from "../../src/loopback/loopback.ts";
import { type Manifest, manifestSchema } from "../../src/session/manifest.ts";
import { random } from "../fuzz/mutate.ts";
import { type S3Server, startRadosgw } from "../support/radosgw.ts";
import { TestBucket } from "../support/s3-bucket.ts";
import { person, saidBy, toneCall } from "../support/tone-call.ts";
import { WebhookReceiver } from "../support/webhook-receiver.ts";
import { runCommand, soundOf, startCommand } from "../support/worker.ts";

const SPEAKERS = Array.from({ length: 10 }, (_, index) => person(index + 1));
const PACKETS = 200;
const PACKET_MS = 20;
/** From before the worker has logged in to after its last file is stored. */
const LONGEST_MS = 9_000;
/** The most that a kill may lose. */
const LOSS_MS = 1_000;
const LOOK_EVERY_MS = 20;
/** A timer of Node fires up to a millisecond or two late on a machine that is idle. */
const ON_TIME_MS = LOOK_EVERY_MS + 5;

export interface KillResult {
  readonly atMs: number;
  /** The last state that the worker logged; undefined if it had not joined yet. */
  readonly state: string | undefined;
  readonly recoverExitCode: number | null;
  /** One line for each problem. */
  readonly faults: readonly string[];
  /** Packets that had been sent a second before the kill. */
  readonly due: number;
  readonly manifest: Manifest | undefined;
}

/** Where the worker stores, and how to see what is there. */
export interface KillStorage {
  readonly environment: Readonly<Record<string, string>>;
  /** The path or address for `verify`. */
  readonly job: string;
  /** Brings what is stored elsewhere into a folder. */
  readonly fetch: ((directory: string) => Promise<void>) | undefined;
}

/** A folder of the test's own. */
function folderStorage(workDir: string): KillStorage {
  const root = join(workDir, "recordings");
  return { environment: { MEETBOT_STORAGE_URI: `file:${root}` }, job: join(root, "test"), fetch: undefined };
}

/** Kills a worker that records ten people at a moment of a call, recovers, and judges what is there. */
export async function killAndRecover(
  atMs: number,
  openStorage: (workDir: string) => Promise<KillStorage> | KillStorage = folderStorage,
): Promise<KillResult> {
  const fixture = makeCall();
  const workDir = await mkdtemp(join(tmpdir(), "meetbot-test-"));
  const storage = await openStorage(workDir);
  const loopback = await startLoopback({ fixture, workDir });
  await using receiver = await WebhookReceiver.start();
  try {
    const spool = join(workDir, "spool", "test");
    await mkdir(join(workDir, "spool"));
    const environment = {
      ...storage.environment,
      MEETBOT_WEBHOOK_URL: receiver.url,
      MEETBOT_WEBHOOK_SECRET: "whsec_0123456789abcdef",
      MEETBOT_WEBHOOK_ALLOW_PRIVATE: "true",
      MEETBOT_SPOOL_DIR: join(workDir, "spool"),
      MEETBOT_JOB_ID: "test",
      MEETBOT_ROTATE_SILENCE_SECONDS: "1",
      MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS: "1",
    };
    const worker = startCommand(["record"], { ...environment, ...loopback.environment });
    const ledger = watchSent(loopback);
    await new Promise((resolve) => setTimeout(resolve, atMs));
    worker.kill("SIGKILL");
    const due = ledger.before(performance.now());
    ledger.stop();
    const dueCount = [...due.values()].reduce((sum, count) => sum + count, 0);
    const { stderr } = await worker.result;
    const state = /.*state: (\w+)/s.exec(stderr)?.[1];
    const promised = await promisedEvents(spool);

    const faults: string[] = [];
    const recovered = await runCommand(["recover", spool], environment);
    const directory = join(workDir, "recordings", "test");
    await storage.fetch?.(directory);
    if (recovered.exitCode !== 0) faults.push(`recover exited ${recovered.exitCode}: ${recovered.stderr}`);
    if (existsSync(spool)) faults.push(`the spool still holds ${await readdir(spool)}`);
    const manifest = await readManifest(directory);
    if (manifest !== undefined) {
      const { exitCode, stderr: verdict } = await runCommand(["verify", storage.job], environment);
      if (exitCode !== 0) faults.push(`verify: ${verdict}`);
      faults.push(...(await missingPackets(fixture, directory, manifest, due)));
      faults.push(...(await talkTimeFaults(directory, manifest)));
    } else if (dueCount > 0) faults.push("no manifest, although packets were due");
    const before = await fingerprint(directory);
    const again = await runCommand(["recover", spool], environment);
    if (again.exitCode !== 0) faults.push(`recover exited ${again.exitCode} the second time: ${again.stderr}`);
    await storage.fetch?.(directory);
    if ((await fingerprint(directory)) !== before) faults.push("the second recover changed something");
    // Joining came before recording, and a packet that is due came in over a second before the kill.
    const wasTold = dueCount > 0 ? ["job.status_changed joining"] : [];
    faults.push(
      ...eventFaults(receiver, { promised, once: manifest === undefined ? wasTold : [...wasTold, ...AT_END] }),
    );
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

/** How many packets of each speaker were sent by when. */
export interface Look {
  readonly atMs: number;
  readonly sent: ReadonlyMap<string, number>;
}

/**
 * The look at what a kill may not cost: a second back, in time in which the machine had turns to give. A look that is
 * late says that this process waited for one, and a worker that waits too can write nothing. So a pause between two
 * looks counts as one interval at most.
 */
export function dueBefore(looks: readonly Look[], killedAtMs: number): ReadonlyMap<string, number> {
  let [fedMs, laterMs] = [0, killedAtMs];
  for (const look of looks.toReversed()) {
    fedMs += Math.min(laterMs - look.atMs, ON_TIME_MS);
    if (fedMs >= LOSS_MS) return look.sent;
    laterMs = look.atMs;
  }
  return new Map();
}

function watchSent(loopback: Loopback) {
  const looks: Look[] = [];
  const timer = setInterval(() => {
    const sent = new Map(SPEAKERS.map(({ id }) => [id, loopback.sentOf(id).size]));
    looks.push({ atMs: performance.now(), sent });
  }, LOOK_EVERY_MS);
  return {
    before: (killedAtMs: number) => dueBefore(looks, killedAtMs),
    stop: () => clearInterval(timer),
  };
}

async function readManifest(directory: string): Promise<Manifest | undefined> {
  const text = await readFile(join(directory, "manifest.json"), "utf8").catch(() => undefined);
  return text === undefined ? undefined : manifestSchema.parse(JSON.parse(text));
}

async function missingPackets(
  fixture: CallFixture,
  directory: string,
  manifest: Manifest,
  due: ReadonlyMap<string, number>,
): Promise<string[]> {
  const faults: string[] = [];
  for (const [userId, count] of due) {
    const heard = new Set((await soundOf({ directory, manifest }, userId)).map(({ hex }) => hex));
    const missing = saidBy(fixture, userId)
      .slice(0, count)
      .flatMap((hex, index) => (heard.has(hex) ? [] : [index]));
    if (missing.length > 0)
      faults.push(`${userId}: ${missing.length} of ${count} packets missing: ${missing.join(" ")}`);
  }
  return faults;
}

/** The manifest says for each speaker how long the files hold their voice. */
async function talkTimeFaults(directory: string, manifest: Manifest): Promise<string[]> {
  const faults: string[] = [];
  for (const { id, talkTimeMs, datagrams } of manifest.participants) {
    const packets = (await soundOf({ directory, manifest }, id)).length;
    if (talkTimeMs !== packets * PACKET_MS) {
      faults.push(`${id}: talk time ${talkTimeMs} ms, but the files hold ${packets * PACKET_MS} ms of voice`);
    }
    if (datagrams.written !== packets) faults.push(`${id}: ${datagrams.written} written, the files hold ${packets}`);
  }
  return faults;
}

const EVENT_ORDER = [
  ...["joining", "in_call", "recording", "finalizing", "completed", "failed"].map((to) => `job.status_changed ${to}`),
  ...["job.failed", "bot.usage_recorded", "job.finalized"],
];

/** Delivery ids of what a killed worker had on disk: it exists from then on, and has to arrive. */
async function promisedEvents(spool: string): Promise<string[]> {
  const path = join(spool, "outbox.jsonl");
  if (!existsSync(path)) return [];
  const { lines } = readOutbox(await readFile(path), "test");
  return lines.flatMap((line) => (line.type === "event" ? [line.deliveryId] : []));
}

const AT_END = ["job.finalized", "bot.usage_recorded"];

interface EventsDue {
  /** By delivery id, at least once. */
  readonly promised: readonly string[];
  /** By name, exactly once. */
  readonly once: readonly string[];
}

/** Each event once by its delivery id, in order; those that were promised, and the last ones of a job exactly once. */
function eventFaults(receiver: WebhookReceiver, { promised, once }: EventsDue): string[] {
  const faults: string[] = [];
  const envelopes = new Map(receiver.requests.map(({ envelope }) => [envelope.deliveryId, envelope]));
  const names = [...envelopes.values()].map(({ event, data }) =>
    data.event === "job.status_changed" ? `${event} ${data.status}` : event,
  );
  const places = names.map((name) => EVENT_ORDER.indexOf(name));
  if (places.some((place, index) => place < (places[index - 1] ?? 0))) {
    faults.push(`events unknown or out of order: ${names.join(", ")}`);
  }
  const lost = promised.filter((id) => !envelopes.has(id));
  if (lost.length > 0) faults.push(`never arrived, though the killed worker had them on disk: ${lost.join(", ")}`);
  for (const name of once) {
    const times = names.filter((each) => each === name).length;
    if (times !== 1) faults.push(`${name} delivered ${times} times: ${names.join(", ")}`);
  }
  if (new Set(names).size !== names.length) faults.push(`delivered twice: ${names.join(", ")}`);
  return faults;
}

/** A hash of all files in a folder, with their names. */
async function fingerprint(directory: string): Promise<string> {
  const hash = createHash("sha256");
  const names = existsSync(directory) ? (await readdir(directory)).sort() : [];
  for (const name of names) hash.update(name).update(await readFile(join(directory, name)));
  return hash.digest("hex");
}

/** A bucket of its own on an S3 server. */
export async function bucketStorage(server: S3Server): Promise<KillStorage> {
  const bucket = await TestBucket.create(server);
  return {
    environment: bucket.environment("calls"),
    job: `s3://${bucket.name}/calls/test`,
    fetch: (directory: string) => bucket.fetchInto(directory),
  };
}

/** Kills at so many random moments; the same for the same seed. */
export async function* killMany(
  times: number,
  seed: number,
  openStorage?: Parameters<typeof killAndRecover>[1],
): AsyncGenerator<KillResult> {
  const next = random(seed);
  for (let kill = 0; kill < times; kill += 1) yield await killAndRecover(Math.round(next() * LONGEST_MS), openStorage);
}

/** `npm run kills -- --times 100 --seed 1 --s3` */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      times: { type: "string", default: "100" },
      seed: { type: "string", default: "1" },
      s3: { type: "boolean", default: false },
    },
  });
  const server = values.s3 ? await startRadosgw() : undefined;
  const openStorage = server === undefined ? undefined : () => bucketStorage(server);
  let [kills, bad] = [0, 0];
  for await (const { atMs, state, due, faults } of killMany(Number(values.times), Number(values.seed), openStorage)) {
    kills += 1;
    if (faults.length > 0) bad += 1;
    const verdict = faults.length === 0 ? "all there" : `\n  ${faults.join("\n  ")}`;
    process.stdout.write(`${kills}: killed after ${atMs} ms, ${state ?? "starting"}, ${due} packets due: ${verdict}\n`);
  }
  await server?.close();
  process.stdout.write(`seed ${values.seed}: ${kills} kills, ${bad} with faults\n`);
  process.exitCode = bad === 0 ? 0 : 1;
}

if (import.meta.main) await main();
