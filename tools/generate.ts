import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { generatedFiles, sdkTypes } from "./generated-files.ts";
import { PAGES, withGenerated } from "./reference/pages.ts";

/**
 * Writes the files generated from the code: schemas, defaults, manifests and the skill in `config/`, the SDK's types, and tables in
 * `docs/reference/`.
 */
const ROOT = new URL("../", import.meta.url);
for (const [name, content] of Object.entries(await generatedFiles())) {
  const file = new URL(`config/${name}`, ROOT);
  mkdirSync(new URL("./", file), { recursive: true });
  writeFileSync(file, content);
}
writeFileSync(new URL("src/sdk/api-types.ts", ROOT), await sdkTypes());
for (const page of Object.keys(PAGES)) {
  const file = new URL(page, ROOT);
  writeFileSync(file, await withGenerated(page, readFileSync(file, "utf8")));
}
