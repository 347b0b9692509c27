import { Command } from "commander";
import { verifyRecording } from "../recording/verify.ts";
import { RecordingFolder } from "../storage/recording-folder.ts";

export function verifyCommand(): Command {
  return new Command("verify")
    .description("check a recording against its manifest")
    .argument("<folder>", "a job's folder, which holds its manifest.json")
    .addHelpText(
      "after",
      `
Checks that each file is there with its size and hash, that each page of the audio is whole, in sequence and counts its
samples right, that durations and packet numbers add up, and that each line of the logs has its form.
Prints one line a fault and exits 1 where there is any.`,
    )
    .action(async (folder: string) => {
      process.exitCode = await verify(folder);
    });
}

/** @returns the exit code */
export async function verify(folder: string): Promise<number> {
  const { faults, manifest } = await verifyRecording(await RecordingFolder.open(folder));
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  if (faults.length > 0) {
    process.stderr.write(`${folder}: ${faults.length} fault${faults.length === 1 ? "" : "s"}\n`);
    return 1;
  }
  const files = (manifest?.tracks.length ?? 0) + (manifest?.chatUri === undefined ? 1 : 2);
  process.stdout.write(`${folder}: all ${files} files are as the manifest says\n`);
  return 0;
}
