import { once } from "node:events";
import { createServer } from "node:http";
import { portOf } from "../../src/loopback/net.ts";
import { type Radosgw, type S3Server, startRadosgw } from "./radosgw.ts";

/** The variable with the address at which tests ask for the S3 server. Names with MEETBOT_ are settings. */
const BROKER = "TEST_S3_BROKER";

/**
 * One S3 server for all tests of a run, in all projects and processes of vitest. It starts when the first test asks.
 *
 * @returns ends it
 */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env[BROKER] !== undefined) return undefined; // another project has set it up
  let started: Promise<Radosgw> | undefined;
  const broker = createServer(async (_, response) => {
    try {
      started ??= startRadosgw();
      response.end(JSON.stringify(await started));
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  await once(broker.listen(0, "127.0.0.1"), "listening");
  process.env[BROKER] = `http://127.0.0.1:${portOf(broker)}`;
  return async () => {
    delete process.env[BROKER];
    broker.close();
    broker.closeAllConnections();
    await started?.then(({ close }) => close());
  };
}

export async function s3Server(): Promise<S3Server> {
  const broker = process.env[BROKER];
  if (broker === undefined) throw new Error("test/support/s3-shared.ts is not in the project's globalSetup");
  const response = await fetch(broker);
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as S3Server;
}
