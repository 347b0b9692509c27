import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError } from "../errors.ts";
import { CALL_SCRIPT_FILE } from "../fixture/call-script.ts";
import { parseScript } from "../fixture/read-script.ts";
import { readUserFile } from "../own-files.ts";
import { PACKAGE_ROOT } from "../package/root.ts";
import type { SandboxFixture } from "../service/api/jobs/accept-job.ts";

/** The package ships the example call: `files` of package.json names it. */
const EXAMPLES = fileURLToPath(new URL("test/fixtures/", PACKAGE_ROOT));
const DEFAULT = "standup";
const MAX_SCRIPT_BYTES = 64 * 2 ** 20;
/** The names of fixtures that the API accepts. */
const NAME = /^[a-z\d][a-z\d-]{0,63}$/;

export interface FixtureFolder extends SandboxFixture {
  readonly folder: string;
}

/**
 * The recorded calls that jobs of test keys can play. The example call comes first, so it is the default.
 *
 * @param directory the operator's own; undefined for the example call only
 * @throws InputError if it cannot be read
 */
export async function sandboxFixtures(directory: string | undefined): Promise<readonly FixtureFolder[]> {
  const folders =
    directory === undefined
      ? [join(EXAMPLES, DEFAULT)]
      : (await namesIn(directory)).map((name) => join(directory, name));
  const fixtures: FixtureFolder[] = [];
  for (const folder of folders) {
    const name = folder.slice(folder.lastIndexOf("/") + 1);
    const script = join(folder, CALL_SCRIPT_FILE);
    if (!NAME.test(name) || !(await isThere(script))) continue;
    const { header } = parseScript(await readUserFile(script, MAX_SCRIPT_BYTES));
    const { guild, channel, textChannel } = header;
    fixtures.push({ name, folder, guildId: guild.id, channelId: channel.id, textChannelId: textChannel?.id ?? null });
  }
  return fixtures.sort((a, b) => Number(b.name === DEFAULT) - Number(a.name === DEFAULT));
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    throw new InputError(`MEETBOT_SERVICE_FIXTURES_DIR is "${directory}", expected a folder that can be read`, {
      cause: error,
    });
  }
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    (info) => info.isFile(),
    () => false,
  );
}
