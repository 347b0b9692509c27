import { readFileSync } from "node:fs";

interface PackageFile {
  readonly name: string;
  readonly version: string;
}

const packageFile: PackageFile = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

/** What wrote a recording: stands in manifests and in the files' tags. */
export const SOFTWARE = { name: packageFile.name, version: packageFile.version };
