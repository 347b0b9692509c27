import { join } from "node:path";
import { examineDiscord } from "../discord/doctor/doctor.ts";
import { applicationIdIn, type Features, inviteUrl } from "../discord/guild/features.ts";
import { checkInput } from "../doctor/input.ts";
import { checkLibraries, checkNode, checkOpusDecoder } from "../doctor/machine.ts";
import { checkSecrets } from "../doctor/secrets.ts";
import { checkSpool, checkStorage } from "../doctor/storage.ts";
import type { CheckResult } from "../session/doctor-check.ts";
import type { Config } from "../settings/load.ts";
import { DiskSpool } from "../storage/spool.ts";
import { openSpoolFolder } from "../storage/spool-folder.ts";
import { composeStorage, destinationsOf, spokenNoticeOf } from "./adapters.ts";
import { foldersOf, refuseSharedFolders } from "./separate-folders.ts";
import { systemClock } from "./system-clock.ts";

/** What `doctor` found. */
export interface Examination {
  /** In the order in which a job would meet them. */
  readonly checks: readonly CheckResult[];
  /** The link that invites the bot with the permissions that the job needs; null if the application is unknown. */
  readonly invite: string | null;
}

/**
 * Checks whether a job could run, with the adapters that it would use. It joins nothing and leaves nothing behind.
 * None of its imports needs the native libraries, because they are checked too and may be broken.
 *
 * @param exposedSecrets names of the secrets that the environment itself holds
 */
export async function composeExamination(config: Config, exposedSecrets: readonly string[]): Promise<Examination> {
  const { token, jobId, guildId, channelId, textChannelId, takeover, spool, spoolSpace } = config;
  const features = featuresOf(config);
  const directory = join(spool.directory, jobId);
  const storage = await composeStorage(config.storage, jobId, config.s3Credentials);
  const checks = [
    checkNode(process.versions.node),
    ...(await checkLibraries()),
    checkOpusDecoder(),
    checkSecrets(exposedSecrets),
    await checkInput("folders", "set MEETBOT_SPOOL_DIR to a folder next to the storage's", () =>
      refuseSharedFolders(foldersOf(config)),
    ),
    ...(await checkSpool(
      directory,
      async () => {
        await openSpoolFolder(spool);
        return await DiskSpool.open(directory);
      },
      spoolSpace,
    )),
    await checkInput(
      "spoken notice",
      "set MEETBOT_NOTICE_AUDIO to default, or to an Ogg Opus file",
      () => spokenNoticeOf(config),
      config.consent.audio === undefined ? "MEETBOT_NOTICE_AUDIO is off" : undefined,
    ),
    await checkInput(
      "webhook",
      "set MEETBOT_WEBHOOK_URL to a public address",
      () => destinationsOf(config),
      config.webhook === undefined && config.ingest === undefined ? "MEETBOT_WEBHOOK_URL is not set" : undefined,
    ),
    await checkStorage(storage),
    ...(await examineDiscord({
      token,
      guildId,
      channelId,
      textChannelId,
      takeover,
      features,
      apiUrl: config.discordApi,
      clock: systemClock,
    })),
  ];
  const applicationId = applicationIdIn(token);
  return { checks, invite: applicationId === undefined ? null : inviteUrl(applicationId, features) };
}

function featuresOf({ textChannelId, consent }: Config): Features {
  return {
    chat: textChannelId !== undefined,
    notices: consent.mode !== "none" && !(consent.silentStart && consent.silentEnd),
    spokenNotice: consent.audio !== undefined,
    nickname: consent.nicknamePrefix !== undefined,
  };
}
