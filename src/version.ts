import { readFileSync } from "node:fs";
import { PACKAGE_ROOT } from "./package/root.ts";

interface PackageFile {
  readonly name: string;
  readonly version: string;
}

const packageFile: PackageFile = JSON.parse(readFileSync(new URL("package.json", PACKAGE_ROOT), "utf8"));

/** The program that wrote a recording. It is named in manifests and in the tags of the files. */
export const SOFTWARE = { name: packageFile.name, version: packageFile.version };
