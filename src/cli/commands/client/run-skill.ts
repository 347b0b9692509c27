import { cp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError, isSystemError } from "../../../errors.ts";
import { makeFolder } from "../../../files.ts";
import { PACKAGE_ROOT } from "../../../package/root.ts";
import { whyUnwritable } from "../../../unwritable.ts";
import { endWith } from "../../client/outcome.ts";
import { type OutputOptions, printRecord } from "../../client/output.ts";

const NAME = "meetbot-discord";

/** Copies the skill that ships with the package. */
export async function skill({ out, ...output }: OutputOptions & { readonly out: string }): Promise<void> {
  await endWith(async () => {
    const folder = join(out, NAME);
    try {
      await makeFolder(out);
      await cp(fileURLToPath(new URL(`config/skill/${NAME}`, PACKAGE_ROOT)), folder, { recursive: true });
    } catch (error) {
      if (!isSystemError(error)) throw error;
      throw new InputError(`--out: cannot write ${folder}: ${await whyUnwritable(out, error)}`, { cause: error });
    }
    printRecord({ name: NAME, folder }, `the skill is in ${folder}`, output);
    return undefined;
  });
}
