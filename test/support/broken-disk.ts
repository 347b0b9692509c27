import { existsSync } from "node:fs";
import { open } from "node:fs/promises";

/**
 * To be loaded before a program (`node --import`): as long as the file in BROKEN_DISK exists, each write is
 * refused, as on a disk that the system has made read-only after an error.
 */
const handle = await open("/dev/null");
const prototype = Object.getPrototypeOf(handle) as { write: (...args: unknown[]) => Promise<unknown> };
await handle.close();

const { write } = prototype;
prototype.write = async function refusable(this: unknown, ...args: unknown[]): Promise<unknown> {
  if (existsSync(process.env.BROKEN_DISK ?? "")) {
    const error = new Error("EROFS: read-only file system, write");
    throw Object.assign(error, { code: "EROFS", errno: -30, syscall: "write" });
  }
  return await write.apply(this, args);
};
