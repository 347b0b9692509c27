import { Command } from "commander";
import { InputError } from "../../errors.ts";
import { typed } from "../../invocation.ts";
import { hasPossibleLength } from "../../session/call-length.ts";
import { EXIT_REASONS } from "../../session/exit.ts";
import { fileUriPath } from "../../settings/storage-uri.ts";
import { megabytes } from "../../text/megabytes.ts";
import { printable } from "../../text/safe-text.ts";
import { pathFrom, quoted } from "../../text/shell-words.ts";
import { pathFor } from "../path-argument.ts";
import { type ListedRecording, listRecordings } from "../recordings.ts";
import { shownText } from "../view/charset.ts";

/** The most names shown; further people are only counted. */
const MAX_NAMES = 4;

export function listCommand(): Command {
  return new Command("list")
    .description("show the recordings of a folder: when, where, how long, with whom")
    .argument(
      "[dir]",
      "folder that holds the recordings; by default that of MEETBOT_STORAGE_URI, or else recordings",
      pathFor("list"),
    )
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
For each recording you see when it started (local time), how long it is, the channel and server, who was in the call,
its size, and how it ended. If nobody was heard, it says why. The last line is the folder, for report, export and verify.
The newest recording comes first. Recordings in a bucket are not listed; download one with fetch.

Examples:
  ${typed("list")}
  ${typed("list")} ~/calls
  ${typed("list")} --json`,
    )
    .action(async (directory: string | undefined, { json }: { json?: boolean }) => {
      const folder = directory ?? defaultFolder(process.env.MEETBOT_STORAGE_URI);
      const recordings = await listRecordings(folder);
      process.stdout.write(
        json === true ? `${JSON.stringify({ recordings })}\n` : shownText(textOf(recordings, folder)),
      );
    });
}

function defaultFolder(storageUri: string | undefined): string {
  if (storageUri === undefined || storageUri === "") return "recordings";
  const folder = fileUriPath(storageUri);
  if (folder !== undefined) return folder;
  throw new InputError(
    `list: MEETBOT_STORAGE_URI is "${storageUri}", but only a folder on this machine can be listed; name one, or download a recording: ${typed("fetch", `${storageUri}/JOB_ID`)}`,
  );
}

function textOf(recordings: readonly ListedRecording[], folder: string): string {
  if (recordings.length === 0) return `no recordings in ${folder}\n`;
  const blocks = recordings.map((recording) => `${linesOf(recording).join("\n")}\n`);
  return `${blocks.join("\n")}\nto see and hear one: ${typed("report")} FOLDER\n`;
}

function linesOf(recording: ListedRecording): string[] {
  // In quotes where a shell needs them, because people paste it behind the next command.
  const folder = `  ${printable(quoted(pathFrom(process.cwd(), recording.folder)))}`;
  switch (recording.state) {
    case "finished": {
      const { startedAt, channel, server, people, bytes, whyEmpty, failureCode } = recording;
      const failed = failureCode === null ? "" : ` (${failureCode})`;
      return [
        `${localTime(new Date(startedAt))}  ${lengthOf(recording)}  ${printable(channel)} in ${printable(server)}`,
        `  ${withWhom(people)}; ${megabytes(bytes)} MB`,
        `  ${EXIT_REASONS[recording.exitReason].sentence}${failed}`,
        ...(whyEmpty === null ? [] : [`  No voice: ${whyEmpty}`]),
        folder,
      ];
    }
    case "unfinished":
      return [
        `not finished: it is still being recorded, or its worker was killed; to finish it: ${typed("recover", "--all")}`,
        folder,
      ];
    case "damaged":
      return [`damaged: ${printable(recording.detail)}`, folder];
  }
}

function withWhom(people: readonly string[]): string {
  if (people.length === 0) return "nobody";
  const named = people.slice(0, MAX_NAMES).map(printable).join(", ");
  const more = people.length - MAX_NAMES;
  return `${people.length} ${people.length === 1 ? "person" : "people"}: ${named}${more > 0 ? ` and ${more} more` : ""}`;
}

/** 2026-11-30 09:05 */
function localTime(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** 0:42, or 1:02:03 */
function lengthOf(recording: { readonly durationSeconds: number }): string {
  if (!hasPossibleLength(recording)) return "unknown length";
  const seconds = recording.durationSeconds;
  const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor((seconds % 3_600) / 60);
  return `${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${two(seconds % 60)}`;
}
