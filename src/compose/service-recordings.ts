import { join, resolve } from "node:path";
import type { S3Client } from "@aws-sdk/client-s3";
import type { Log } from "../log.ts";
import { readPageAssets } from "../report/html.ts";
import type { JobRow } from "../service/domain/job-row.ts";
import type { Clock } from "../service/ports/clock.ts";
import type { RecordingStorage } from "../service/ports/recordings.ts";
import type { Launcher } from "../service/ports/workers.ts";
import { StoredRecordings } from "../service/recordings/recordings.ts";
import { ReportMaker } from "../service/recordings/report-maker.ts";
import { StoredSessionEvents } from "../service/recordings/session-events.ts";
import { DownloadProcess } from "../service/shared-link/download-process.ts";
import { MadeDownloads } from "../service/shared-link/made-downloads.ts";
import type { RecordingFiles } from "../session/recording-files.ts";
import type { ServiceConfig } from "../settings/service.ts";
import { fileUriPath, s3UriPlace } from "../settings/storage-uri.ts";
import { FolderRecordingStorage } from "../storage/folder-recording-storage.ts";

interface Means {
  /** What starts the command line, before the name of the command. */
  readonly command: readonly string[];
  readonly launcher: Pick<Launcher, "cleanUp" | "remains" | "readSpooled">;
  readonly clock: Clock;
  readonly log: Log;
}

/** Access to the recordings of jobs, each in the storage that its worker used. */
export function composeRecordings(config: ServiceConfig, means: Means) {
  const reports = new ReportMaker({ folder: join(config.dataDirectory, "reports"), pageOf });
  const storageOf = storages(config);
  const downloads = new MadeDownloads({
    ...{ folder: join(config.dataDirectory, "downloads"), clock: means.clock, log: means.log },
    maker: new DownloadProcess({
      command: means.command,
      sourceOf: (job) => sourceOf(job.storageUri ?? config.storageUri, job.id),
      bucketEnvironment: { ...config.s3.environment, ...config.s3.secrets },
    }),
  });
  return {
    downloads,
    recordings: new StoredRecordings({ ...means, reports, storageOf, downloads }),
    sessionEvents: new StoredSessionEvents({ launcher: means.launcher, storageOf }),
  };
}

/** The recording's folder, or its address in a bucket. */
function sourceOf(storageUri: string, jobId: string): string {
  const folder = fileUriPath(storageUri);
  return folder === undefined ? `${storageUri.replace(/\/+$/, "")}/${jobId}` : join(resolve(folder), jobId);
}

/** The AWS SDK is loaded only if it is used, and has one client. */
function storages({ storageUri, s3 }: ServiceConfig): (job: JobRow) => Promise<RecordingStorage> {
  let client: Promise<S3Client> | undefined;
  return async (job) => {
    const uri = job.storageUri ?? storageUri;
    const place = s3UriPlace(uri);
    if (place === undefined) return new FolderRecordingStorage(resolve(fileUriPath(uri) ?? ""), job.id);
    const { S3RecordingStorage } = await import("../storage/s3/s3-recording-storage.ts");
    client ??= import("../storage/s3/s3-client.ts").then(({ createS3Client }) =>
      createS3Client({ ...s3.client, idleMs: 0 }),
    );
    return new S3RecordingStorage({ ...place, client: await client }, job.id);
  };
}

/** Modules that decode audio are loaded for the first report. */
async function pageOf(files: RecordingFiles): Promise<AsyncIterable<string>> {
  const { makeReport } = await import("../report/report.ts");
  return makeReport(files, {
    assets: await readPageAssets(),
    embed: undefined,
    showDeleted: false,
    folderPath: undefined,
    onProgress: () => undefined,
    // The report shows these warnings too.
    onWarning: () => undefined,
  });
}
