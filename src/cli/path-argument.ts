import { InputError } from "../errors.ts";
import { localPath } from "../settings/storage-uri.ts";

/**
 * For commander: accepts a path on this machine, or a `file:` address.
 *
 * @param what the option or command, as the person typed it
 */
export function pathFor(what: string): (text: string) => string {
  return (text) => {
    const path = localPath(text);
    if (path !== undefined) return path;
    const hint = text.startsWith("s3:") ? "; to download a recording from a bucket, use the command fetch" : "";
    throw new InputError(`${what} is "${text}", expected a path on this machine${hint}`);
  };
}
