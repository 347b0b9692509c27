import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { performance } from "node:perf_hooks";

/**
 * Loaded before a program (`node --import`). As long as the file that HUNG_DISK names exists, writes never return, as on
 * a network disk whose server is gone. A file of that name with `.long` at its end moves the clock on by ten minutes.
 */
const hung = process.env.HUNG_DISK ?? "";
const TEN_MINUTES_MS = 600_000;

const handle = await open("/dev/null");
const prototype = Object.getPrototypeOf(handle) as { write: (...args: unknown[]) => Promise<unknown> };
await handle.close();

const { write } = prototype;
prototype.write = async function hangable(this: unknown, ...args: unknown[]): Promise<unknown> {
  if (existsSync(hung)) await new Promise(() => undefined);
  return await write.apply(this, args);
};

const now = performance.now.bind(performance);
performance.now = () => now() + (existsSync(`${hung}.long`) ? TEN_MINUTES_MS : 0);
