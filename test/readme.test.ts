import { existsSync, readFileSync } from "node:fs";
import { PermissionFlagsBits } from "discord-api-types/v10";
import { describe, expect, test } from "vitest";
import { demoCommand } from "../src/cli/demo.ts";
import { doctorCommand } from "../src/cli/doctor.ts";
import { exportCommand } from "../src/cli/export.ts";
import { fetchCommand } from "../src/cli/fetch.ts";
import { jobManifestCommand } from "../src/cli/job-manifest.ts";
import { listCommand } from "../src/cli/list.ts";
import { loopbackCommand } from "../src/cli/loopback.ts";
import { recordCommand } from "../src/cli/record.ts";
import { recoverCommand } from "../src/cli/recover.ts";
import { replayCommand } from "../src/cli/replay.ts";
import { reportCommand } from "../src/cli/report.ts";
import { verifyCommand } from "../src/cli/verify.ts";
import { SETTINGS, type Setting } from "../src/config/settings.ts";
import { chatEvent } from "../src/session/chat.ts";
import { sessionEvent } from "../src/session/events.ts";
import { manifestSchema } from "../src/session/manifest.ts";
import { envelope } from "../src/session/notices.ts";
import { withTables } from "../tools/readme-tables.ts";

const ROOT = new URL("../", import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, ROOT), "utf8");
const README = read("README.md");
const DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"];
const COMMANDS = [
  recordCommand(),
  doctorCommand(),
  replayCommand(),
  loopbackCommand(),
  recoverCommand(),
  verifyCommand(),
  listCommand(),
  fetchCommand(),
  exportCommand(),
  reportCommand(),
  jobManifestCommand(),
  demoCommand(),
];

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].flatMap(([, found]) => found ?? []);
}

test("The README's tables are as the code makes them: `npm run generate` writes them.", () => {
  expect(README).toBe(withTables(README));
});

test("A README that has lost the place of a table is refused.", () => {
  expect(() => withTables("# without marks")).toThrow("README.md lacks <!-- settings:begin -->");
});

test("The README has a row for each command, and no others.", () => {
  const rows = matches(README, /^\| `meetbot-discord ([\w-]+)/gm);
  expect(rows).toEqual(COMMANDS.map((command) => command.name()));
});

test("Every command and option that a document names exists.", () => {
  const names = COMMANDS.map((command) => command.name());
  const options = COMMANDS.flatMap((command) => command.options.map(({ long }) => long));
  for (const document of DOCUMENTS) {
    const text = read(document);
    const named = matches(text, /(?:meetbot-discord|main\.js|npm start --) ((?!discord:)[a-z][a-z-]*)/g);
    expect(names, document).toEqual(expect.arrayContaining(named));
    const used = matches(
      text,
      /(?:record|doctor|replay|loopback|recover|verify|list|fetch|export|report|job-manifest|demo)`? (--[a-z-]+)/g,
    );
    expect([...options, "--help"], document).toEqual(expect.arrayContaining(used));
  }
});

test("Every npm script that a document names exists.", () => {
  const scripts = Object.keys(JSON.parse(read("package.json")).scripts);
  for (const document of DOCUMENTS) {
    const named = matches(read(document), /[`\n]npm (?:run )?(?:-s )?([a-z\d:]+)/g);
    const npmOwn = ["ci", "install", "prune", "pack"];
    expect([...scripts, ...npmOwn], document).toEqual(expect.arrayContaining(named));
  }
});

test("Every variable that a document names is a setting, or somebody else's that is known.", () => {
  const rows: readonly Setting[] = SETTINGS;
  const known = rows.flatMap(({ name, secret }) => (secret === true ? [name, `${name}_FILE`] : [name]));
  for (const document of DOCUMENTS) {
    const named = matches(read(document), /\b((?:MEETBOT|DISCORD)_[A-Z_]*[A-Z])\b/g);
    const tags = ["DISCORD_USER_ID", "DISCORD_GUILD", "DISCORD_CHANNEL", "MEETBOT_START_OFFSET_MS", "MEETBOT_PART"];
    expect([...known, ...tags], document).toEqual(expect.arrayContaining(named));
  }
});

describe("every file that a document points at exists", () => {
  test.each(DOCUMENTS)("%s", (document) => {
    const text = read(document);
    const links = matches(text, /\]\((?!https?:)([^)#]+)\)/g);
    const paths = matches(text, /`((?:src|test|tools|config|\.ci)\/[\w./-]*\w\/?)`/g);
    const missing = [...links, ...paths].filter((path) => !existsSync(new URL(path, ROOT)));
    expect(missing).toEqual([]);
  });
});

test("The permission numbers are the sums of the permissions that they name.", () => {
  const { ViewChannel, Connect, Speak, UseVAD, SendMessages, ReadMessageHistory } = PermissionFlagsBits;
  const voice = ViewChannel | Connect | Speak | UseVAD;
  expect(README).toContain(`&permissions=${voice | SendMessages}\``);
  expect(README).toContain(`without that it is ${voice}.`);
  expect(README).toContain(`take ${voice | SendMessages | ReadMessageHistory},`);
  const bits = [ViewChannel, Connect, Speak, UseVAD, SendMessages, ReadMessageHistory];
  for (const bit of bits) expect(README).toContain(`(${bit})`);
});

describe("the examples", () => {
  const blocks = matches(README, /^```json\n([\s\S]*?)^```/gm).map((block) => {
    const lines = block.trimEnd().split("\n");
    return lines.map((line): { type: string; event?: string } => JSON.parse(line));
  });

  test.each([
    ["chat.jsonl", blocks[0], chatEvent],
    ["events.jsonl", blocks[1], sessionEvent],
  ])("of %s are valid, and there is one of each kind", (_, lines, schema) => {
    const kinds = schema.options.map(({ shape }) => shape.type.value);
    expect(lines?.map(({ type }) => type).sort()).toEqual([...kinds].sort());
    for (const line of lines ?? []) expect(schema.parse(line)).toEqual(line);
  });

  test("of events are valid, and there is one of each kind", () => {
    const kinds = envelope.options.map(({ shape }) => shape.event.value);
    const lines = blocks[2] ?? [];
    expect(lines.map(({ event }) => event)).toEqual(kinds);
    for (const line of lines) expect(envelope.parse(line)).toEqual(line);
  });
});

test("The README names every field of the manifest.", () => {
  const section = README.slice(README.indexOf("### manifest.json"), README.indexOf("## Events"));
  const rows = section.split("\n").filter((line) => line.startsWith("| `"));
  const named = rows.flatMap((row) => matches(row.split("|")[1] ?? "", /`(\w+)`/g));
  expect(named.sort()).toEqual(Object.keys(manifestSchema.shape).sort());
});
