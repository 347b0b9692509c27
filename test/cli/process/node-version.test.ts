import { execFile, execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { promisify } from "node:util";
import { describe, expect, it, test } from "vitest";
import { nodeProblem } from "../../../src/cli/process/node-version.ts";
import { NODE_FLAGS } from "../../support/shipped-worker.ts";

const DIST = new URL("../../../dist/cli/", import.meta.url);
const PACKAGE = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));

test.each(["18.20.4", "20.20.2", "22.22.0", "9.0.0"])(
  "Node %s is refused, with the required version and how to get it.",
  (version) => {
    expect(nodeProblem(version, ["/app/main.js", "doctor"], "/nowhere/node")).toBe(
      `this is Node ${version}, but Node 24 or newer is needed; install it from https://nodejs.org`,
    );
  },
);

test.each(["24.0.0", "26.1.0", "100.0.0"])("Node %s is accepted.", (version) => {
  expect(nodeProblem(version, ["/app/main.js"])).toBeUndefined();
});

test("If the checkout has its own Node, the suggested command works as printed.", () => {
  const words = ["/app/dist/main.js", "report", "my recordings"];
  expect(nodeProblem("20.0.0", words, "/bin/sh")).toContain(
    `, or run this instead: /bin/sh /app/dist/main.js report 'my recordings'`,
  );
});

test("package.json requires the version that the program requires.", () => {
  expect(PACKAGE.engines.node).toBe(">=24");
});

/** The static imports of a file of the bundle, including their imports. */
function importedBy(file: string, seen = new Set<string>()): ReadonlySet<string> {
  for (const [, name = ""] of readFileSync(new URL(file, DIST), "utf8").matchAll(
    /\bimport\s*(?:[^"'()]*?from)?"([^"]+)"/g,
  )) {
    if (seen.has(name)) continue;
    seen.add(name);
    if (name.startsWith(".")) importedBy(name, seen);
  }
  return seen;
}

test("Before the version check, only a few lines of ours and Node's own modules are loaded.", () => {
  const names = [...importedBy("main.js")];
  expect(names).toContain("node:module");
  const [ours, others] = [
    names.filter((name) => name.startsWith("./")),
    names.filter((name) => !name.startsWith("./")),
  ];
  expect(others.filter((name) => !/^(node:)?(fs|module|path|process|url|v8)$/.test(name))).toEqual([]);
  const bytes = ours.reduce((sum, name) => sum + statSync(new URL(name, DIST)).size, 0);
  expect(bytes).toBeLessThan(10_000);
});

/** A Node of the system's that is older than the worker needs. */
function oldNode(): string | undefined {
  return ["/usr/bin/node", "/usr/local/bin/node", "/usr/bin/nodejs"].find((path) => {
    try {
      return Number(/^v(\d+)/.exec(String(execFileSync(path, ["--version"])))?.[1]) < 24;
    } catch {
      // Not there: the next one.
      return false;
    }
  });
}

const old = oldNode();
describe.skipIf(old === undefined)(
  `with an older Node${old === undefined ? " (none is installed)" : ` (${old})`}`,
  () => {
    it.each([
      ["without flags", []],
      ["with the flags of npm start and of the installed program", NODE_FLAGS],
    ])("%s every command ends with one sentence", async (_, flags) => {
      for (const args of [[], ["record"], ["doctor"], ["--help"], ["demo"]]) {
        const main = new URL("main.js", DIST).pathname;
        const run = promisify(execFile)(old ?? "", [...flags, main, ...args], { env: {} });
        const { code, stdout, stderr } = (await run.catch(
          (error: { code: number; stdout: string; stderr: string }) => error,
        )) as { code?: number; stdout: string; stderr: string };
        expect([code, stdout]).toEqual([1, ""]);
        expect(stderr).toMatch(
          /^meetbot-discord: this is Node \d+\.\d+\.\d+, but Node 24 or newer is needed; install it .*\n$/,
        );
      }
    });
  },
);
