import { homedir, tmpdir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

/** The place of the jobs' folders until everything is stored. */
export interface SpoolPlace {
  readonly directory: string;
  /** It is the default, so only this user may have access to it. */
  readonly isDefault: boolean;
}

/** The name of the folder for the jobs' folders. */
const NAME = "meetbot-discord";

/**
 * The spool from the settings, or one in the user's state folder (XDG Base Directory Specification, "XDG_STATE_HOME").
 * A user without a home, as in some containers, gets one in the folder for temporary files.
 */
export function spoolPlace(named: string | undefined, environment: NodeJS.ProcessEnv): SpoolPlace {
  if (named !== undefined) return { directory: resolve(named), isDefault: false };
  const state = stateFolder(environment);
  const directory =
    state === undefined ? join(tmpdir(), `${NAME}-${process.geteuid?.() ?? "user"}`) : join(state, NAME);
  return { directory, isDefault: true };
}

/** The default spool of earlier versions, which any user of the machine could create first. */
export function formerSpool(): string {
  return join(tmpdir(), NAME);
}

function stateFolder({ XDG_STATE_HOME: named, HOME: home }: NodeJS.ProcessEnv): string | undefined {
  // The specification says to ignore relative paths.
  if (named !== undefined && isAbsolute(named)) return named;
  const known = home !== undefined && isAbsolute(home) && home !== "/" ? home : homeOfUser();
  return known === undefined ? undefined : join(known, ".local", "state");
}

/** From the system's user database; undefined for an unknown user. */
function homeOfUser(): string | undefined {
  try {
    const home = homedir();
    return isAbsolute(home) && home !== "/" ? home : undefined;
  } catch {
    // A container may run with a user id that has no user.
    return undefined;
  }
}
