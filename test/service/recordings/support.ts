import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { composeRecordings } from "../../../src/compose/service-recordings.ts";
import type { Launcher } from "../../../src/service/ports/workers.ts";
import { attachmentFileName } from "../../../src/session/job-files.ts";
import { loadServiceConfig } from "../../../src/settings/service.ts";
import { MemoryLog } from "../../delivery/support.ts";
import { makeRecording } from "../../support/made-recording.ts";
import { envelopeOf, GUILD, type serviceApi, statusReport } from "../../support/service-api.ts";

const run = promisify(execFile);

/** RFC 6716 §3.2.1: one empty frame of 20 ms. */
const PACKET = { opus: Buffer.from([0xf8, 0xff, 0xfe]), durationSamples: 960 };
export const ATTACHMENT = attachmentFileName("900000000000000001", "notes ü.txt");
const ATTACHED = Buffer.from("what was said");
export const TRACK = "audio.200000000000000000.ogg";

/** The files of a job as its worker stores them, in a new folder. */
export async function storedJob(jobId: string): Promise<string> {
  const folder = await makeRecording({
    speakers: [{ name: "Ada", parts: [{ startSample: 0, packets: Array.from({ length: 100 }, () => PACKET) }] }],
    durationMs: 2_000,
    manifest: {
      jobId,
      attachments: [
        {
          ...{ attachmentId: "900000000000000001", messageId: "900000000000000002", filename: "notes ü.txt" },
          ...{ contentType: "text/plain", uri: "file:notes", bytes: ATTACHED.length },
          sha256: createHash("sha256").update(ATTACHED).digest("hex"),
        },
      ],
    },
  });
  await mkdir(join(folder, "attachments"));
  await writeFile(join(folder, ATTACHMENT), ATTACHED);
  return folder;
}

/** A storage as in the service, with a launcher whose spool the test fills. */
export async function composed(environment: Readonly<Record<string, string>> = {}) {
  const data = await mkdtemp(join(tmpdir(), "meetbot-recordings-"));
  const spool = new Set<string>();
  const launcher: Pick<Launcher, "cleanUp" | "remains" | "readSpooled"> = {
    readSpooled: async () => undefined,
    cleanUp: async (jobId, everything) => {
      if (everything) spool.delete(jobId);
    },
    remains: async (jobId) => (spool.has(jobId) ? "recorded" : "nothing"),
  };
  const log = new MemoryLog();
  const config = loadServiceConfig({
    environment: { MEETBOT_SERVICE_DATA_DIR: data, ...environment },
    file: undefined,
  });
  const means = { launcher, log, clock: { now: () => Date.now() }, command: [] };
  const { recordings, sessionEvents } = composeRecordings(config, means);
  return {
    ...{ recordings, sessionEvents, spool, launcher, log, folder: join(data, "recordings") },
    /** Stores a job's files like its worker. */
    store: async (jobId: string): Promise<string> => {
      const target = join(data, "recordings", jobId);
      await cp(await storedJob(jobId), target, { recursive: true });
      return target;
    },
  };
}

type Api = Awaited<ReturnType<typeof serviceApi>>;

/** A job that recorded and is over. @returns its id */
export async function finishedJob(api: Api, body: object = {}): Promise<string> {
  const { id } = (await api.create({ discord: { botToken: botToken() }, ...body })).json;
  const token = await api.launch(id);
  const tell = (sent: object) =>
    api.ask("POST", "/api/v1/ingest", { key: undefined, body: sent, headers: { authorization: `Bearer ${token}` } });
  await tell(statusReport(id, "recording", "joining"));
  await tell(
    envelopeOf(`dlv_${id.slice(4)}`, {
      ...{ event: "job.finalized", jobId: id, externalId: null, status: "completed", exitReason: "alone_in_room" },
      metadata: { discord: { guildId: GUILD, channelId: GUILD, textChannelId: null } },
      ...{ startedAt: "2026-01-01T12:00:00.000Z", endedAt: "2026-01-01T12:00:02.000Z", durationSeconds: 2 },
      ...{ manifestUri: "file:///anything", billed: false },
    }),
  );
  await tell(statusReport(id, "completed", "recording"));
  await api.store.applyJobEvent(id, {
    ...{ type: "worker_gone", at: Date.now(), attempt: 1, how: "it exited with code 0", remains: "nothing" },
  });
  return id;
}

let bots = 0;

/** The token of a new bot each time. */
function botToken(): string {
  bots += 1;
  return `${Buffer.from(`1234567890123${String(bots).padStart(5, "0")}`).toString("base64")}.GaBcDe.abcdefghijklmnopqrstuvwxyz0123456789AB`;
}

/** @returns status, headers and body, from curl */
export async function curl(url: string, key: string, ...options: string[]) {
  const args = ["-sS", "-i", "--path-as-is", "-H", `Authorization: Bearer ${key}`, ...options, url];
  const { stdout } = await run("curl", args, { encoding: "buffer", maxBuffer: 1 << 28 });
  const end = stdout.indexOf("\r\n\r\n");
  const [first = "", ...lines] = stdout.subarray(0, end).toString("latin1").split("\r\n");
  const headers = new Headers(lines.map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]));
  return { status: Number(first.split(" ")[1]), headers, body: stdout.subarray(end + 4) };
}
