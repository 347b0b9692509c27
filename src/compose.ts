import { join } from "node:path";
import { performance } from "node:perf_hooks";
import type { Logger } from "pino";
import { SAMPLES_PER_SECOND } from "./audio/opus-packet.ts";
import { CallCapture } from "./capture/capture.ts";
import type { Config } from "./config/load.ts";
import { DiscordChatSource } from "./discord/chat.ts";
import { DiscordSession } from "./discord/session.ts";
import { DiscordVoiceSource } from "./discord/voice.ts";
import type { Clock } from "./recording/ports.ts";
import { Recorder } from "./recording/recorder.ts";
import { FileStorage } from "./storage/file.ts";
import { DiskSpool } from "./storage/spool.ts";
import { SOFTWARE } from "./version.ts";

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallTime: () => new Date(),
  every: (intervalMs, tick) => {
    const timer = setInterval(tick, intervalMs);
    return () => clearInterval(timer);
  },
};

/**
 * A recorder with real adapters: the one place where they are named.
 *
 * @throws InputError where the spool cannot be made
 */
export async function composeRecorder(config: Config, log: Logger): Promise<Recorder> {
  const { guildId, channelId, textChannelId } = config;
  const onDebug = (message: string): void => log.trace({ source: "discord" }, message);
  const session = new DiscordSession({
    token: config.token,
    guildId,
    apiUrl: config.discordApi,
    captureChat: textChannelId !== undefined,
    onDebug,
  });
  return new Recorder(
    {
      clock: systemClock,
      voice: new DiscordVoiceSource({
        session,
        guildId,
        channelId,
        onMoved: config.onMoved,
        takeover: config.takeover,
        clock: systemClock,
        onDebug,
      }),
      chat: textChannelId === undefined ? undefined : new DiscordChatSource(session, textChannelId, log),
      spool: await DiskSpool.open(join(config.spoolDirectory, config.jobId)),
      storage: new FileStorage(config.storageDirectory, config.jobId),
      observer: await openCapture(config, log),
      log,
    },
    {
      jobId: config.jobId,
      externalId: config.externalId ?? null,
      textChannelId: textChannelId ?? null,
      rotation: {
        mode: config.rotate,
        silenceSamples: config.rotateSilenceSeconds * SAMPLES_PER_SECOND,
        maxPartSamples: config.maxPartSeconds * SAMPLES_PER_SECOND,
      },
      autoLeave: config.autoLeave,
      software: SOFTWARE,
    },
  );
}

/** @throws InputError where the folder cannot be used */
async function openCapture({ captureDirectory, jobId, textChannelId }: Config, log: Logger) {
  if (captureDirectory === undefined) return undefined;
  return await CallCapture.open({ folder: join(captureDirectory, jobId), textChannelId, clock: systemClock, log });
}
