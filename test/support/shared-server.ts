import { once } from "node:events";
import { createServer } from "node:http";
import { portOf } from "../../src/loopback/net.ts";

/** A server that many tests use. */
interface SharedServer<Address> {
  /** For vitest's `globalSetup`. @returns ends the server */
  setup(): Promise<(() => Promise<void>) | undefined>;
  /** What a client needs to use it. */
  ask(): Promise<Address>;
}

/**
 * One server for all tests of a run, in all projects and processes of vitest. It starts when the first test asks.
 *
 * @param variable holds the address at which tests ask for it. Names with MEETBOT_ are settings.
 * @param start what it returns is given to tests as JSON
 */
export function sharedServer<Address>(
  variable: string,
  start: () => Promise<Address & { close(): Promise<void> }>,
): SharedServer<Address> {
  return {
    async setup() {
      if (process.env[variable] !== undefined) return undefined; // another project has set it up
      let started: ReturnType<typeof start> | undefined;
      const broker = createServer(async (_, response) => {
        try {
          started ??= start();
          response.end(JSON.stringify(await started));
        } catch (error) {
          response.writeHead(500).end(String(error));
        }
      });
      await once(broker.listen(0, "127.0.0.1"), "listening");
      process.env[variable] = `http://127.0.0.1:${portOf(broker)}`;
      return async () => {
        delete process.env[variable];
        broker.close();
        broker.closeAllConnections();
        await started?.then(({ close }) => close());
      };
    },
    async ask() {
      const broker = process.env[variable];
      if (broker === undefined) throw new Error(`nothing set ${variable}: see globalSetup in test/vitest.config.ts`);
      const response = await fetch(broker);
      if (!response.ok) throw new Error(await response.text());
      return (await response.json()) as Address;
    },
  };
}
