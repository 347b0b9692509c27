import { Command } from "commander";
import type { Logger } from "pino";
import { composeRecorder } from "../compose.ts";
import { type Config, loadConfig } from "../config/load.ts";
import { createLog, Redactor } from "../log.ts";
import type { JobResult, Recorder } from "../recording/recorder.ts";
import { FAILURES } from "../session/exit.ts";
import { summarize } from "./summary.ts";

interface RecordOptions {
  readonly config?: string;
}

export function recordCommand(): Command {
  return new Command("record")
    .description("record a voice channel until it is over (the default command)")
    .argument("[channel]", "discord://GUILD_ID/CHANNEL_ID, instead of MEETBOT_MEETING_URL")
    .option("--config <file>", "JSON file with settings; the environment wins")
    .addHelpText(
      "after",
      `
Settings come from the environment: DISCORD_BOT_TOKEN at least; the README lists them all.
Ctrl-C or SIGTERM leaves the channel and finishes the files; once more stops at once and keeps them in the spool.

Example:
  DISCORD_BOT_TOKEN=… meetbot-discord record discord://81384788765712384/381870553235193857`,
    )
    .action(async (channel: string | undefined, options: RecordOptions) => {
      process.exitCode = await record(channel, options);
    });
}

async function record(meetingUrl: string | undefined, options: RecordOptions): Promise<number> {
  const config = loadConfig({ environment: process.env, file: options.config, meetingUrl });
  // Neither a child process nor a crash dump's environment needs it from here on.
  delete process.env.DISCORD_BOT_TOKEN;
  const redactor = new Redactor(config.secrets);
  const log = createLog({ level: config.logLevel, redactor, destination: process.stderr });
  log.info({ jobId: config.jobId, guildId: config.guildId, channelId: config.channelId }, "job");
  const recorder = await composeRecorder(config, log);
  endOnCrash(recorder, log);
  const closeHttp = await serveStatus(config, recorder, log);
  const release = stopOnSignals(recorder, config.shutdownGraceMs, (text) => log.info({}, text));
  try {
    const result = await recorder.run();
    report(result, redactor);
    return result.exitCode;
  } finally {
    release();
    await closeHttp();
  }
}

/** Health and metrics, where a port is given. The server is loaded then alone: most jobs start without it. */
async function serveStatus({ http }: Config, recorder: Recorder, log: Logger): Promise<() => Promise<void>> {
  if (http === undefined) return async () => undefined;
  const { startHttpServer } = await import("../http/server.ts");
  const server = await startHttpServer({ ...http, status: () => recorder.status() });
  log.info({ address: server.address }, "serving health and metrics");
  return () => server.close();
}

/**
 * What no code of ours caught ends the call, not the process: what was recorded until then is finished and stored.
 * Node's own way would print the error as it is, secrets included, and leave the bot in the channel.
 */
function endOnCrash(recorder: Recorder, log: Logger): void {
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error }, "uncaught exception; finishing what was recorded");
    recorder.end({ exitReason: "internal_error", detail: `unexpected failure: ${error.message}` });
  });
}

function report({ state, manifest, manifestUri }: JobResult, redactor: Redactor): void {
  if (state.status === "failed") {
    const { fault } = FAILURES[state.failureCode];
    process.stderr.write(redactor.redact(`meetbot-discord: ${state.failureCode} (${fault}): ${state.detail}\n`));
  }
  if (manifest !== undefined && process.stdout.isTTY) process.stdout.write(`${summarize(manifest)}\n`);
  if (manifestUri !== undefined) process.stdout.write(`${manifestUri}\n`);
}

/**
 * The first SIGTERM or Ctrl-C leaves and finishes within the grace; the second, or the end of the grace, closes the
 * files and keeps the spool.
 *
 * @returns stops listening
 */
function stopOnSignals(recorder: Recorder, graceMs: number, tell: (text: string) => void): () => void {
  let grace: NodeJS.Timeout | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (grace !== undefined) {
      tell(`${signal} again: closing the files now; what is not stored stays in the spool`);
      recorder.abandon();
      return;
    }
    tell(`${signal}: leaving the channel and finishing the files; once more stops at once`);
    recorder.end({ exitReason: "shutdown", detail: `the worker was told to stop (${signal})` });
    grace = setTimeout(() => recorder.abandon(), graceMs);
    grace.unref();
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  return () => {
    clearTimeout(grace);
    process.off("SIGTERM", onSignal);
    process.off("SIGINT", onSignal);
  };
}
