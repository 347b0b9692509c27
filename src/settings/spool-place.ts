import { homedir, tmpdir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

/** Where the jobs' folders are until everything is stored. */
export interface SpoolPlace {
  readonly directory: string;
  /** Nobody has named it, so only this user may have access to it. */
  readonly isDefault: boolean;
}

/** The folder for the jobs' folders, whose name is the same wherever it is. */
const NAME = "meetbot-discord";

/**
 * The spool that was named, else one in the user's folder for state (XDG Base Directory Specification, "XDG_STATE_HOME").
 * A user without a home, as in some containers, has one of their own in the folder for temporary files.
 */
export function spoolPlace(named: string | undefined, environment: NodeJS.ProcessEnv): SpoolPlace {
  if (named !== undefined) return { directory: resolve(named), isDefault: false };
  const state = stateFolder(environment);
  const directory =
    state === undefined ? join(tmpdir(), `${NAME}-${process.geteuid?.() ?? "user"}`) : join(state, NAME);
  return { directory, isDefault: true };
}

/** Where the default spool was in earlier versions: a folder that any user of the machine could make first. */
export function formerSpool(): string {
  return join(tmpdir(), NAME);
}

function stateFolder({ XDG_STATE_HOME: named, HOME: home }: NodeJS.ProcessEnv): string | undefined {
  // The specification has relative paths ignored.
  if (named !== undefined && isAbsolute(named)) return named;
  const known = home !== undefined && isAbsolute(home) && home !== "/" ? home : homeOfUser();
  return known === undefined ? undefined : join(known, ".local", "state");
}

/** As the system's list of users has it; undefined for a user that is not in it. */
function homeOfUser(): string | undefined {
  try {
    const home = homedir();
    return isAbsolute(home) && home !== "/" ? home : undefined;
  } catch {
    // A container may run as a number that no user has.
    return undefined;
  }
}
