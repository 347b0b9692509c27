import type { LookupAddress } from "node:dns";
import { Resolver } from "node:dns/promises";
import { hasCode } from "../errors.ts";
import type { Resolve } from "./addresses.ts";

/** For one question to one server; the deadline of the exchange bounds all of them. */
const QUESTION_MS = 3_000;
const TRIES = 2;

/**
 * Asks the system's DNS servers itself. The system's own lookup blocks one of four threads that all files also need, for
 * as long as a name's servers do not answer, and nobody can cancel it: some names of a customer would stop the service.
 * Names of `/etc/hosts` are unknown here.
 *
 * @param servers other ones than the system's, for tests
 */
export function askDnsServers(servers?: readonly string[]): Resolve {
  return (hostname, _options, done) => {
    const resolver = new Resolver({ timeout: QUESTION_MS, tries: TRIES });
    if (servers !== undefined) resolver.setServers(servers);
    Promise.all([orNone(resolver.resolve4(hostname), 4), orNone(resolver.resolve6(hostname), 6)]).then(
      (found) => done(null, found.flat()),
      (error: NodeJS.ErrnoException) => done(error, []),
    );
  };
}

/** A name may have addresses of one family only. */
async function orNone(asked: Promise<string[]>, family: 4 | 6): Promise<LookupAddress[]> {
  try {
    return (await asked).map((address) => ({ address, family }));
  } catch (error) {
    if (hasCode(error, "ENODATA")) return [];
    throw error;
  }
}
