import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Runs a program as this user; rejects with what it printed if it fails. */
export const run = promisify(execFile);
