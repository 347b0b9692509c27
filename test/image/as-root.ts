import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import { missing } from "../support/audio-programs.ts";

const run = promisify(execFile);

/** Programs that build an image and run its files, from Debian's packages buildah, debootstrap, util-linux and tar. */
const PROGRAMS = ["buildah", "debootstrap", "unshare", "nsenter", "setpriv", "mount", "chroot", "tar"];

/** The command that runs a program as root: by sudo, without a password, if this process is not root. */
export function rootCommand(program: string, args: readonly string[]): { file: string; args: string[] } {
  if (process.getuid?.() === 0) return { file: program, args: [...args] };
  return { file: "sudo", args: ["--non-interactive", "--preserve-env", program, ...args] };
}

/**
 * Runs a program as root.
 *
 * @returns its standard output, without the last line break
 * @throws Error with the command and the end of what it printed
 */
export async function asRoot(program: string, ...args: string[]): Promise<string> {
  const command = rootCommand(program, args);
  try {
    const { stdout } = await run(command.file, command.args, { maxBuffer: 1 << 28 });
    return stdout.trimEnd();
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    const printed = `${stdout}${stderr}`.trimEnd().split("\n").slice(-20).join("\n");
    throw new Error(`${program} ${args.join(" ")} failed:\n${printed}`, { cause: error });
  }
}

/**
 * Whether this machine can build an image. CI must be able to.
 *
 * @returns why not, or false
 * @throws Error on CI, with the reason
 */
export function whyNoImage(): string | false {
  const absent = PROGRAMS.map((program) => missing(program)).find((reason) => reason !== false);
  if (absent !== undefined) return absent;
  // Building mounts file systems and changes the root folder.
  const { file, args } = rootCommand("unshare", ["--mount", "chroot", "/", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]);
  try {
    execFileSync(file, args, { stdio: "pipe" });
    return false;
  } catch (error) {
    const { stderr } = error as { stderr?: Buffer };
    const reason = `the image cannot be built here, because root may not mount file systems and use chroot (${String(stderr).trim()})`;
    if (process.env.CI === "true")
      throw new Error(`${reason}; CI must run on a machine that allows it`, { cause: error });
    return reason;
  }
}
