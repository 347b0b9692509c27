/** Facts about the image, which a test compares with the Dockerfile. */

/** Folders that are volumes in it. */
export const SPOOL_PATH = "/spool";
export const RECORDINGS_PATH = "/recordings";

/** Its user and group. */
export const USER_ID = 1_000;

/** What it starts, before the command. */
export const ENTRYPOINT: readonly string[] = [
  "node",
  "--max-semi-space-size=2",
  "--disable-sigusr1",
  "dist/cli/main.js",
];
