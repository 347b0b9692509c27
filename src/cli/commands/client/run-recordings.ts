import { InputError } from "../../../errors.ts";
import type { RecordingSummary } from "../../../sdk/index.ts";
import { counted } from "../../../text/counted.ts";
import { megabytes } from "../../../text/megabytes.ts";
import { printable } from "../../../text/safe-text.ts";
import { downloadFiles } from "../../client/download-files.ts";
import { clientOf } from "../../client/environment.ts";
import { endWith } from "../../client/outcome.ts";
import { factLines, fittedTable, type OutputOptions, printList, printRecord } from "../../client/output.ts";

/** The work of `recordings`. */

const MAX_PAGE = 100;

export async function list({ limit, ...output }: OutputOptions & { readonly limit: string }): Promise<void> {
  await endWith(async () => {
    if (!/^[1-9]\d{0,5}$/.test(limit)) throw new InputError("--limit: expected a whole number from 1 to 999999");
    const { meetbot } = await clientOf(process.env);
    const recordings: RecordingSummary[] = [];
    for await (const recording of await meetbot.listRecordings({ limit: Math.min(Number(limit), MAX_PAGE) })) {
      recordings.push(recording);
      if (recordings.length >= Number(limit)) break;
    }
    const rowOf = ({ id, externalId, startedAt, durationSeconds }: RecordingSummary) => [
      ...[id, externalId ?? "", startedAt ?? ""],
      durationSeconds === null ? "" : durationSeconds.toFixed(1),
    ];
    printList(recordings, ["id", "your id", "started", "seconds"], rowOf, output);
    return undefined;
  });
}

export async function get(id: string, options: OutputOptions): Promise<void> {
  await endWith(async () => {
    const { meetbot } = await clientOf(process.env);
    const recording = await meetbot.getRecording(id);
    const { startedAt, endedAt, durationSeconds, manifest, files } = recording;
    const facts = factLines({
      ...{ started: startedAt, ended: endedAt, seconds: durationSeconds, why: manifest.exitReason },
      ...{ channel: manifest.channel?.name, server: manifest.guild?.name },
      speakers: manifest.speakers?.map(({ displayName }) => displayName).join(", "),
    });
    const rows = files.map(({ name, bytes, sha256 }) => [
      name,
      String(bytes),
      sha256 === null ? "" : sha256.slice(0, 12),
    ]);
    const table = fittedTable(["file", "bytes", "sha256"], rows, process.stdout.columns);
    printRecord(recording, `${recording.id}\n${facts}\n\n${table.join("\n")}`, options);
    return undefined;
  });
}

export async function download(id: string, options: OutputOptions & { readonly out?: string }): Promise<void> {
  await endWith(async () => {
    const { meetbot } = await clientOf(process.env);
    const { files } = await meetbot.getRecording(id);
    const folder = options.out ?? `meetbot-${id}`;
    const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    let done = 0;
    let bytesDone = 0;
    await downloadFiles(meetbot, id, files, folder, (file) => {
      done += 1;
      bytesDone += file.bytes;
      const { isOld, ...record } = file;
      const note = isOld ? "is there already" : "downloaded";
      if (options.json === true) printRecord({ ...record, isOld }, "", options);
      else if (process.stderr.isTTY)
        progress(`${done}/${files.length} files, ${megabytes(bytesDone)}/${megabytes(total)} MB`);
      else process.stderr.write(`${printable(file.name)} ${note}\n`);
    });
    if (process.stderr.isTTY) progress("");
    if (options.json !== true) printRecord({}, `${counted(files.length, "file")} in ${folder}`, options);
    return undefined;
  });
}

export async function remove(id: string, options: OutputOptions): Promise<void> {
  await endWith(async () => {
    const { meetbot } = await clientOf(process.env);
    const deleted = await meetbot.deleteRecording(id);
    printRecord(deleted, `${deleted.id}: ${counted(deleted.files, "file")} deleted`, options);
    return undefined;
  });
}

/** One line that is written over. */
function progress(text: string): void {
  process.stderr.write(`\r\x1b[K${text}`);
}
