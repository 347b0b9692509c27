import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { hasCode } from "../../src/errors.ts";
import { run } from "./run.ts";

const npmConfig = z.object({
  registry: z.string(),
  userconfig: z.string(),
  globalconfig: z.string(),
  cafile: z.string().nullish(),
});

/** A file of this machine that the build sees, without it being in the image. */
interface Mount {
  readonly outside: string;
  readonly inside: string;
}

export interface MachineSettings {
  readonly registry: string;
  readonly mounts: readonly Mount[];
}

/**
 * How npm reaches its registry on this machine: its configuration, which may hold a password, and the certificates.
 *
 * @param directory for files of this function's
 * @param secret a line for npm's configuration that must not be found in the image
 */
export async function machineSettings(directory: string, secret: string): Promise<MachineSettings> {
  const { stdout } = await run("npm", ["config", "list", "--json"]);
  const { registry, userconfig, globalconfig, cafile } = npmConfig.parse(JSON.parse(stdout));
  const certificates = cafile ?? process.env.NODE_EXTRA_CA_CERTS;
  const userSettings = join(directory, "user-npmrc");
  const globalSettings = join(directory, "global-npmrc");
  await writeFile(userSettings, `${await textOf(userconfig)}\n${secret}\n`);
  const certificatesLine = certificates === undefined ? "" : `cafile=${certificates}\n`;
  await writeFile(globalSettings, `${await textOf(globalconfig)}\n${certificatesLine}`);
  const mounts = [
    { outside: userSettings, inside: "/root/.npmrc" },
    { outside: globalSettings, inside: "/usr/local/etc/npmrc" },
  ];
  if (certificates !== undefined) mounts.push({ outside: certificates, inside: certificates });
  return { registry, mounts };
}

/** The text of a file; none if it does not exist. */
async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return "";
    throw error;
  }
}
