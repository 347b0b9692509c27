import { execFileSync } from "node:child_process";

/** Tests that start the worker run what ships: `dist/`, compiled once before the first test. */
export default function build(): void {
  execFileSync("npm", ["run", "--silent", "build"], { stdio: "inherit" });
}
