import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import { SAMPLES_PER_SECOND } from "../../src/audio/opus-packet.ts";

const run = promisify(execFile);

/**
 * Programs that we did not write, as judges. If one is missing, a test is skipped on a person's machine and fails on CI.
 *
 * @returns why to skip, or false
 */
export function missing(program: string): string | false {
  try {
    execFileSync("which", [program], { stdio: "ignore" });
    return false;
  } catch {
    if (process.env.CI === "true") throw new Error(`${program} is not installed, and CI must have it`);
    return `${program} is not installed`;
  }
}

/** The output of opusinfo, and its exit code: 0 if it finds nothing wrong. */
export async function opusinfo(path: string): Promise<{ code: number; text: string }> {
  try {
    const { stdout, stderr } = await run("opusinfo", [path]);
    return { code: 0, text: stdout + stderr };
  } catch (error) {
    const failure = error as { code: number; stdout: string; stderr: string };
    return { code: failure.code, text: failure.stdout + failure.stderr };
  }
}

/** Samples that ffmpeg decodes from a file, and its warnings. */
export async function ffmpegDecode(path: string): Promise<{ samples: number; warnings: string }> {
  const options = ["-v", "warning", "-i", path, "-f", "s16le", "-ac", "1", "-ar", String(SAMPLES_PER_SECOND), "-"];
  const { stdout, stderr } = await run("ffmpeg", options, { encoding: "buffer", maxBuffer: 1 << 30 });
  return { samples: stdout.length / 2, warnings: stderr.toString("utf8") };
}
