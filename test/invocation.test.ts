import { chmod, mkdir, mkdtemp, realpath, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { invocationOf, type Start } from "../src/invocation.ts";
import { pathFrom, quoted } from "../src/text/shell-words.ts";

let folder: string;
/** The source's folder, and a folder where the package is installed. */
let root: string;
let project: string;
let bin: string;

async function file(path: string): Promise<string> {
  await writeFile(path, "");
  await chmod(path, 0o755);
  return path;
}

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "meetbot-test-")));
  [root, project, bin] = [join(folder, "my source"), join(folder, "project"), join(folder, "bin")];
  await mkdir(join(root, "dist"), { recursive: true });
  await mkdir(join(project, "node_modules", ".bin"), { recursive: true });
  await mkdir(bin);
  await file(join(root, "dist", "main.js"));
  await file(join(root, "package.json"));
  await file(join(folder, "node24"));
  await file(join(bin, "node"));
});

const start = (changes: Partial<Start> = {}): Start => ({
  execPath: join(bin, "node"),
  programPath: join(root, "dist", "main.js"),
  cwd: root,
  environment: { PATH: bin },
  root,
  ...changes,
});

test("Started by Node, a command is shown as node with the program's path, relative to the current folder.", () => {
  expect(invocationOf(start())).toBe("node dist/main.js");
  expect(invocationOf(start({ cwd: join(root, "dist") }))).toBe("node ./main.js");
  expect(invocationOf(start({ cwd: "/usr" }))).toBe(`node '${root}/dist/main.js'`);
});

test("Started by a Node outside the shell's path, a command is shown with the full path of that Node.", () => {
  expect(invocationOf(start({ execPath: join(folder, "node24") }))).toBe(`${folder}/node24 dist/main.js`);
});

test("Started by npm start or another script of ours, a command is shown as npm start.", () => {
  const npm = { PATH: bin, npm_lifecycle_event: "demo", npm_package_json: join(root, "package.json") };
  expect(invocationOf(start({ environment: { ...npm, INIT_CWD: join(root, "dist") } }))).toBe("npm start --");
  expect(invocationOf(start({ environment: { ...npm, INIT_CWD: "/usr" } }))).toBe(`npm --prefix '${root}' start --`);
});

test("Started as an installed program, a command is shown by name if the shell finds it, and otherwise by path.", async () => {
  const global = join(folder, "global");
  await mkdir(global);
  const programPath = join(global, "meetbot-discord");
  await symlink(join(root, "dist", "main.js"), programPath);
  expect(invocationOf(start({ programPath, environment: { PATH: `${bin}:${global}` } }))).toBe("meetbot-discord");
  expect(invocationOf(start({ programPath, cwd: global, environment: { PATH: "/nowhere" } }))).toBe(
    "./meetbot-discord",
  );
  expect(invocationOf(start({ programPath, cwd: "/usr", environment: { PATH: "/nowhere" } }))).toBe(programPath);
});

test("Started by npx, a command is shown with npx if it finds the package there, and otherwise as node with its path.", async () => {
  const installed = join(project, "node_modules", ".bin");
  const programPath = join(installed, "meetbot-discord");
  await symlink(join(root, "dist", "main.js"), programPath);
  const npm = {
    PATH: `${installed}:${bin}`,
    npm_execpath: "/usr/bin/npm",
    npm_lifecycle_event: "npx",
    npm_package_json: join(project, "package.json"),
  };
  expect(invocationOf(start({ programPath, cwd: project, environment: { ...npm, INIT_CWD: project } }))).toBe(
    "npx meetbot-discord",
  );
  expect(invocationOf(start({ programPath, cwd: "/usr", environment: { ...npm, INIT_CWD: "/usr" } }))).toBe(
    programPath,
  );
});

test.each([
  ["recordings/job_1", "recordings/job_1"],
  ["my calls", "'my calls'"],
  ["it's", "'it'\\''s'"],
  ["$HOME", "'$HOME'"],
  ["~/x", "'~/x'"],
  ["", "''"],
])("A shell reads %j as %s.", (word, expected) => expect(quoted(word)).toBe(expected));

test.each([
  ["/a/b", "/a/b/c/d", "c/d"],
  ["/a/b", "/a/b", "."],
  ["/a/b", "/a/c", "/a/c"],
])("In %s, the path %s is shown as %s.", (directory, path, expected) =>
  expect(pathFrom(directory, path)).toBe(expected),
);
