import { InputError } from "../errors.ts";
import { localPath } from "../settings/storage-uri.ts";

/**
 * For commander: takes a path of this machine, also as a `file:` address.
 *
 * @param what the option or argument, as the person knows it
 */
export function pathFor(what: string): (text: string) => string {
  return (text) => {
    const path = localPath(text);
    if (path !== undefined) return path;
    const hint = text.startsWith("s3:") ? "; to bring a recording from a bucket here, use the command fetch" : "";
    throw new InputError(`${what} is "${text}", expected a path on this machine${hint}`);
  };
}
