import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { verifyMeetbotWebhook } from "./verify-webhook.ts";

/**
 * The job service from nothing, as docs/guide/service.md shows it: starts it, records a sandbox job with curl, follows it,
 * verifies its webhooks, downloads some bytes of a file, and deletes the recording.
 */

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const run = promisify(execFile);

/** The observations of the demo, for a test. */
export interface DemoResult {
  readonly status: string;
  readonly events: readonly string[];
  readonly webhooks: readonly { readonly event: string; readonly isGenuine: boolean }[];
  readonly firstBytes: string;
  readonly files: number;
  readonly deletedFiles: number;
  readonly statusAfterDeletion: number;
}

export async function serveDemo(say: (line: string) => void): Promise<DemoResult> {
  const data = await mkdtemp(join(tmpdir(), "meetbot-serve-demo-"));
  const hook = await receiver();
  const service = spawn(process.execPath, [MAIN, "serve"], {
    env: {
      ...{ PATH: process.env.PATH, HOME: data, MEETBOT_SERVICE_DATA_DIR: join(data, "service") },
      ...{ MEETBOT_SERVICE_PORT: "0", MEETBOT_SERVICE_WEBHOOK_ALLOW_PRIVATE: "true" },
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(service, "exit");
  try {
    const { key, secret, address } = await welcomeOf(service.stdout);
    hook.secret = secret;
    say(`the service listens at ${address}; its first key is ${key.slice(0, 12)}…`);
    const curl = async (path: string, ...args: string[]): Promise<string> => {
      const all = ["-sS", `${address}${path}`, "-H", `Authorization: Bearer ${key}`, ...args];
      return (await run("curl", all, { maxBuffer: 1 << 26, encoding: "latin1" })).stdout;
    };
    const request = {
      ...{ externalId: "demo", autoLeave: { afterSoloSeconds: 1 } },
      webhooks: { onStatus: hook.url, onFinalize: hook.url },
    };
    const job = JSON.parse(
      await curl("/api/v1/jobs", "-H", "Content-Type: application/json", "-d", JSON.stringify(request)),
    );
    say(`${job.id} is ${job.status}; the call of the sandbox takes 40 s`);
    const stream = await curl(`/api/v1/jobs/${job.id}/events`, "-N");
    const events = [...stream.matchAll(/^data: (.*)$/gm)].flatMap(([, line = ""]) => {
      const { event, type, data: fact } = JSON.parse(line);
      if (event === undefined) return type === undefined ? [] : [type];
      return [fact.status === undefined ? event : `${event} ${fact.status}`];
    });
    for (const event of events) say(`  ${event}`);
    await hook.received("job.finalized");
    say(`${hook.seen.length} webhooks came, ${hook.seen.filter(({ isGenuine }) => isGenuine).length} of them genuine`);
    const { status } = JSON.parse(await curl(`/api/v1/jobs/${job.id}`));
    const recording = JSON.parse(await curl(`/api/v1/recordings/${job.id}`));
    const audio = recording.files.find(({ name }: { name: string }) => name.endsWith(".ogg"));
    const firstBytes = await curl(new URL(audio.url).pathname, "-r", "0-3");
    say(`${recording.files.length} files; ${audio.name} begins with ${firstBytes}`);
    const deleted = JSON.parse(await curl(`/api/v1/recordings/${job.id}`, "-X", "DELETE"));
    const after = await curl(`/api/v1/recordings/${job.id}`, "-o", "/dev/null", "-w", "%{http_code}");
    say(`${deleted.files} files are deleted; asking again is answered with ${after}`);
    return {
      ...{ status, events, webhooks: hook.seen, firstBytes, files: recording.files.length },
      ...{ deletedFiles: deleted.files, statusAfterDeletion: Number(after) },
    };
  } finally {
    service.kill("SIGTERM");
    await ended;
    hook.close();
    await rm(data, { recursive: true, force: true });
  }
}

/** The first start shows the key, the webhook secret, and the address in the curl lines. */
async function welcomeOf(stdout: NodeJS.ReadableStream) {
  let text = "";
  for await (const line of createInterface({ input: stdout })) {
    text += `${line}\n`;
    const [key, secret, address] = [/mb_test_\w+/, /whsec_\S+/, /http:\/\/[\d.:]+/].map((form) => form.exec(text)?.[0]);
    if (key !== undefined && secret !== undefined && address !== undefined) return { key, secret, address };
  }
  throw new Error(`the service ended before it listened:\n${text}`);
}

/** An endpoint that verifies what it gets, as a customer's does. */
async function receiver() {
  const seen: { event: string; isGenuine: boolean }[] = [];
  const waiting = new Map<string, () => void>();
  const state = { secret: "", url: "", seen };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const raw = Buffer.concat(chunks);
      const isGenuine = verifyMeetbotWebhook(raw, String(request.headers["x-meetbot-signature"]), state.secret);
      const { event } = JSON.parse(raw.toString("utf8"));
      seen.push({ event, isGenuine });
      response.end("ok");
      waiting.get(event)?.();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  return Object.assign(state, {
    received: async (event: string): Promise<void> => {
      if (seen.some((each) => each.event === event)) return;
      await new Promise<void>((resolve) => waiting.set(event, resolve));
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
}

if (import.meta.main) await serveDemo((line) => process.stdout.write(`${line}\n`));
