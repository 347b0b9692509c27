import { basename, join } from "node:path";
import type { Logger } from "pino";
import { SAMPLES_PER_SECOND } from "../audio/opus-packet.ts";
import { CallCapture } from "../capture/capture.ts";
import { openEventSink } from "../delivery/outbox-sink.ts";
import { DiscordChatSource } from "../discord/chat/chat-source.ts";
import { DiscordAnnouncer } from "../discord/notice/announcer.ts";
import { DiscordSession } from "../discord/session.ts";
import { DiscordVoiceSource } from "../discord/voice/voice-source.ts";
import { InputError } from "../errors.ts";
import type { Job } from "../recording/job/job.ts";
import { Recovery } from "../recording/job/recovery.ts";
import type { EventSink } from "../recording/ports/event-sink.ts";
import { Recorder } from "../recording/recorder.ts";
import type { NewestPackets } from "../recording/tracks/newest-packets.ts";
import type { CallEnd } from "../session/exit.ts";
import { isPartFile, JOURNAL_FILE, OUTBOX_FILE } from "../session/job-files.ts";
import type { Config, SharedConfig } from "../settings/load.ts";
import { DiskSpool, isJobFolder } from "../storage/spool.ts";
import { openSpoolFolder } from "../storage/spool-folder.ts";
import { counted } from "../text/counted.ts";
import { SOFTWARE } from "../version.ts";
import { composeStorage, destinationsOf, spokenNoticeOf } from "./adapters.ts";
import { expectOwnJournal, storageOfEarlier, type Trust } from "./earlier-job.ts";
import { loginNotes } from "./login-notes.ts";
import { foldersOf, refuseSharedFolders } from "./separate-folders.ts";
import { systemClock } from "./system-clock.ts";

/**
 * Decides what a job needs: if an earlier process left it unfinished in the spool, it is finished; otherwise its call
 * is recorded.
 *
 * @param newestPackets updated with what is recorded, if the live view is shown
 * @throws InputError if the spool cannot be used
 */
export async function composeJob(config: Config, log: Logger, newestPackets?: NewestPackets): Promise<Job> {
  await refuseSharedFolders(foldersOf(config));
  await openSpoolFolder(config.spool);
  const spool = await DiskSpool.open(join(config.spool.directory, config.jobId));
  try {
    await forgetUnjoined(spool);
    const recovery = await openRecovery(spool, config, log, { journalStorage: false });
    if (recovery === undefined) return await composeRecorder({ config, spool, log, newestPackets });
    log.warn({}, "an earlier process left this job unfinished: it is finished now, not recorded again");
    return recovery;
  } catch (error) {
    await spool.close();
    throw error;
  }
}

/**
 * Finishes what an earlier process left in a job's folder of the spool.
 *
 * @returns undefined if that process was killed before it had begun: the folder is gone then
 * @throws InputError if the folder cannot be used, or holds no job
 */
export async function composeRecovery(
  directory: string,
  config: SharedConfig,
  log: Logger,
  trust: Trust,
): Promise<Job | undefined> {
  if (!isJobFolder(directory)) {
    throw new InputError(`${directory}: holds no job; give a job's folder in the spool, which has its ${JOURNAL_FILE}`);
  }
  const spool = await DiskSpool.open(directory);
  try {
    const recovery = await openRecovery(spool, config, log, trust);
    if (recovery === undefined) await spool.close();
    return recovery;
  } catch (error) {
    await spool.close();
    throw error;
  }
}

/** If the earlier process ended before it joined, nothing is recorded, and the job starts from the beginning. */
async function forgetUnjoined(spool: DiskSpool): Promise<void> {
  const names = await spool.names();
  if (names.some((name) => name !== JOURNAL_FILE && name !== OUTBOX_FILE)) return;
  const { record } = await Recovery.readJournal(spool);
  if (record.recordingStart === undefined) await spool.remove(JOURNAL_FILE);
}

/** The journal's first line identifies the job. Without it there is no manifest, but the audio can be played. */
function withoutJournal(directory: string, names: readonly string[]): string {
  const files = counted(names.filter(isPartFile).length, "audio file");
  return `${directory}: its journal is missing or damaged, so the job cannot be finished; nothing was removed, and its ${files} can be played; move what you need elsewhere, then delete the folder`;
}

/** Undefined if there is nothing to recover. */
async function openRecovery(
  spool: DiskSpool,
  config: SharedConfig,
  log: Logger,
  trust: Trust,
): Promise<Recovery | undefined> {
  const names = (await spool.names()).filter((name) => name !== OUTBOX_FILE);
  if (names.length === 0) return undefined;
  const journal = await Recovery.readJournal(spool);
  if (journal.record.job === undefined) {
    const others = names.filter((name) => name !== JOURNAL_FILE);
    // A kill can tear only the last line. If that is the first one, nothing was done yet.
    if (others.length === 0 && journal.lines.length + journal.refusedCount <= 1) {
      await spool.remove(JOURNAL_FILE);
      return undefined;
    }
    throw new InputError(withoutJournal(spool.directory, others));
  }
  const { job } = journal.record;
  expectOwnJournal(job, spool.directory, basename(spool.directory));
  const place = storageOfEarlier(job, spool.directory, config, trust);
  await refuseSharedFolders([
    { setting: "the job's spool folder", path: spool.directory },
    ...(place.kind === "file" ? [{ setting: "its storage", path: join(place.directory, job.jobId) }] : []),
  ]);
  const storage = await composeStorage(place, job.jobId, config.s3Credentials);
  const eventSink = await composeEventSink(config, job.jobId, spool, log);
  return await Recovery.open({ spool, storage, eventSink, clock: systemClock, log }, journal);
}

/** @throws InputError if the webhook's address is not allowed */
function composeEventSink(
  config: SharedConfig,
  jobId: string,
  spool: DiskSpool,
  log: Logger,
  onReplaced: () => void = () => undefined,
): Promise<EventSink> {
  const destinations = destinationsOf(config);
  const userAgent = `${SOFTWARE.name}/${SOFTWARE.version}`;
  return openEventSink({
    directory: spool.directory,
    jobId,
    destinations,
    clock: systemClock,
    log,
    userAgent,
    onReplaced,
  });
}

/** Two bots in one call would be worse than stopping. */
const REPLACED: CallEnd = { exitReason: "shutdown", detail: "the service has given the job to a newer worker" };

interface RecorderInput {
  readonly config: Config;
  readonly spool: DiskSpool;
  readonly log: Logger;
  readonly newestPackets: NewestPackets | undefined;
}

/** A recorder with real adapters. */
async function composeRecorder({ config, spool, log, newestPackets }: RecorderInput): Promise<Recorder> {
  const { jobId, guildId, channelId, textChannelId, storage } = config;
  const onDebug = (message: string): void => log.trace({ source: "discord" }, message);
  const session = new DiscordSession({
    token: config.token,
    guildId,
    apiUrl: config.discordApi,
    recordChat: textChannelId !== undefined,
    clock: systemClock,
    onDebug,
    onLogin: loginNotes(config.loginsFile, log),
  });
  const [storageAdapter, spokenNotice] = [
    await composeStorage(storage, jobId, config.s3Credentials),
    await spokenNoticeOf(config),
  ];
  const replaced = Promise.withResolvers<void>();
  const eventSink = await composeEventSink(config, jobId, spool, log, replaced.resolve);
  // Created last, because it makes a folder.
  const observer = await openCapture(config, log).catch(async (error: unknown) => {
    await eventSink.close();
    throw error;
  });
  const recorder = new Recorder(
    {
      clock: systemClock,
      voice: new DiscordVoiceSource({
        session,
        guildId,
        channelId,
        onMoved: config.onMoved,
        takeover: config.takeover,
        recordsPlaintext: config.recordPlaintext,
        readsInBatches: config.batchedReceive,
        onReadOneByOne: (reason) => log.info({ reason }, "voice packets are read one by one, which takes more CPU"),
        clock: systemClock,
        onDebug,
      }),
      chat:
        textChannelId === undefined ? undefined : new DiscordChatSource(session, textChannelId, config.discordApi, log),
      announcer: new DiscordAnnouncer(session, textChannelId ?? channelId, log),
      spool,
      storage: storageAdapter,
      observer,
      newestPackets,
      eventSink,
      log,
    },
    {
      job: {
        jobId,
        externalId: config.externalId ?? null,
        guildId,
        channelId,
        textChannelId: textChannelId ?? null,
        storage,
        consent: config.consent.mode,
        software: SOFTWARE,
      },
      rotation: {
        mode: config.rotate,
        silenceSamples: config.rotateSilenceSeconds * SAMPLES_PER_SECOND,
        maxPartSamples: config.maxPartSeconds * SAMPLES_PER_SECOND,
      },
      autoLeave: config.autoLeave,
      spoolSpace: config.spoolSpace,
      consent: config.consent,
      spokenNotice,
      attachments: config.downloadAttachments ? config.attachments : undefined,
    },
  );
  void replaced.promise.then(() => recorder.end(REPLACED));
  return recorder;
}

/** @throws InputError if the folder cannot be used */
async function openCapture({ captureDirectory, jobId, textChannelId }: Config, log: Logger) {
  if (captureDirectory === undefined) return undefined;
  return await CallCapture.open({ folder: join(captureDirectory, jobId), textChannelId, clock: systemClock, log });
}
