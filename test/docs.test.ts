import { globSync, readFileSync } from "node:fs";
import { parser } from "@prometheus-io/lezer-promql";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { PermissionFlagsBits } from "discord-api-types/v10";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { DROP_FATES } from "../src/audio/fates.ts";
import { program } from "../src/cli/program.ts";
import { chatEvent } from "../src/session/chat.ts";
import { EXIT_CODES, FAILURES } from "../src/session/exit.ts";
import { envelope } from "../src/session/job-events.ts";
import { manifestSchema } from "../src/session/manifest.ts";
import { sessionEvent } from "../src/session/session-events.ts";
import { SETTINGS } from "../src/settings/settings.ts";
import { SERVICE_SETTINGS } from "../src/settings/table/service.ts";
import { isSecret, type Setting } from "../src/settings/table/setting.ts";
import { PAGES, withGenerated } from "../tools/reference/pages.ts";

const ROOT = new URL("../", import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, ROOT), "utf8");
const DOCUMENTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ...globSync("docs/**/*.md", { cwd: ROOT }).sort()];
const COMMANDS = (await program("meetbot-discord")).commands;

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].flatMap(([, found]) => found ?? []);
}

/** A section of a page, from its heading to the next one of the same level or a higher one. */
function section(page: string, heading: string): string {
  const text = read(page);
  const begin = text.indexOf(`\n${heading}\n`);
  if (begin < 0) throw new Error(`${page} has no ${heading}`);
  const level = heading.indexOf(" ");
  const end = text.slice(begin + 1 + heading.length).search(new RegExp(`^#{1,${level}} `, "m"));
  return end < 0 ? text.slice(begin) : text.slice(begin, begin + 1 + heading.length + end);
}

/** The code-style text in the first column of a section's tables. */
function firstColumn(page: string, heading: string): string[] {
  const rows = section(page, heading)
    .split("\n")
    .filter((line) => line.startsWith("| `"));
  return rows.flatMap((row) => matches(row.split("|")[1] ?? "", /`([\w.]+)(?:\{[^`]*)?`/g));
}

describe("the reference", () => {
  test.each(Object.keys(PAGES))("matches what `npm run generate` writes: %s", async (page) => {
    expect(read(page)).toBe(await withGenerated(page, read(page)));
  });

  test("fails if a page has lost the marker of a table", async () => {
    await expect(withGenerated("docs/reference/settings.md", "# no marks")).rejects.toThrow(
      "docs/reference/settings.md lacks <!-- settings:begin -->",
    );
  });

  test("names every field of the manifest", () => {
    const fields = firstColumn("docs/reference/files.md", "## manifest.json").filter(
      (name) => name in manifestSchema.shape,
    );
    expect([...new Set(fields)].sort()).toEqual(Object.keys(manifestSchema.shape).sort());
  });

  test("names every fate, and every kind of line", () => {
    const files = "docs/reference/files.md";
    expect(firstColumn(files, "### Fates").sort()).toEqual([...DROP_FATES].sort());
    const chat = chatEvent.options.map(({ shape }) => shape.type.value);
    expect(firstColumn(files, "## chat.jsonl").sort()).toEqual([...chat].sort());
    const events = sessionEvent.options.map(({ shape }) => shape.type.value);
    expect(firstColumn(files, "## events.jsonl").sort()).toEqual([...events].sort());
  });

  test("names only warnings that the code has", () => {
    const source = globSync("src/**/*.ts", { cwd: ROOT }).map(read).join("\n");
    const codes = firstColumn("docs/reference/files.md", "### Warnings");
    expect(codes.length).toBeGreaterThan(20);
    expect(codes.filter((code) => !source.includes(`"${code}"`))).toEqual([]);
    const warned = matches(source, /\bwarning\(\s*"([a-z_]+)"/g);
    expect(codes).toEqual(expect.arrayContaining(warned));
  });

  test("names every job event", () => {
    const kinds = envelope.options.map(({ shape }) => shape.event.value);
    expect(firstColumn("docs/reference/webhooks.md", "## Events").filter((name) => name.includes("."))).toEqual(kinds);
  });
});

test("The retry tables have every exit code, and every failure that exits with 2.", () => {
  const retries = section("docs/operate/recovery.md", "## Retries");
  expect(matches(retries, /^\| (\d) \|/gm)).toEqual(Object.keys(EXIT_CODES));
  const failures = Object.entries(FAILURES).filter(([, { exitCode }]) => exitCode === 2);
  expect(matches(retries, /^\| `(\w+)` \|/gm).sort()).toEqual(failures.map(([code]) => code).sort());
});

test("Every command and option that a document names exists.", () => {
  const names = COMMANDS.map((command) => command.name());
  const all = COMMANDS.flatMap((command) => [command, ...command.commands]);
  const options = all.flatMap((command) => command.options.flatMap(({ long }) => long ?? []));
  for (const document of DOCUMENTS) {
    const text = read(document);
    const named = matches(
      text,
      /(?<!\/|-u )(?:meetbot-discord|main\.js|npm start --) ((?!discord:|https:)[a-z][a-z-]*)/g,
    );
    expect(names, document).toEqual(expect.arrayContaining(named));
    const used = matches(text, new RegExp(`(?<![\\w/-])(?:${names.join("|")})\`? (--[a-z-]+)`, "g"));
    expect([...options, "--help"], document).toEqual(expect.arrayContaining(used));
  }
});

test("Every npm script that a document names exists.", () => {
  const scripts = Object.keys(JSON.parse(read("package.json")).scripts);
  for (const document of DOCUMENTS) {
    const named = matches(read(document), /[`\n]npm (?:run )?(?:-s )?([a-z\d:-]+)/g);
    const npmOwn = ["audit", "ci", "install", "prune", "pack", "rebuild"];
    expect([...scripts, ...npmOwn], document).toEqual(expect.arrayContaining(named));
  }
});

test("Every variable that a document names is a setting of ours, or a known one of another program.", () => {
  const rows: readonly Setting[] = [...SETTINGS, ...SERVICE_SETTINGS];
  // What clients of the service read, and what the service's settings begin with.
  const clients = ["MEETBOT_API_KEY", "MEETBOT_API_BASE_URL", "MEETBOT_API_TIMEOUT_MS"];
  const service = [...clients, "MEETBOT_SERVICE"];
  const known = rows.flatMap((row) => (isSecret(row) ? [row.name, `${row.name}_FILE`] : [row.name]));
  const tags = ["DISCORD_USER_ID", "DISCORD_GUILD", "DISCORD_CHANNEL", "MEETBOT_START_OFFSET_MS", "MEETBOT_PART"];
  const examples = ["MEETBOT_EXAMPLE_SECONDS"];
  for (const document of DOCUMENTS) {
    const named = matches(read(document), /\b((?:MEETBOT|DISCORD)_[A-Z_]*[A-Z])\b/g);
    expect([...known, ...tags, ...examples, ...service], document).toEqual(expect.arrayContaining(named));
  }
});

test("The permission numbers equal the sums of the permissions that they name.", () => {
  const page = section("docs/guide/record-your-server.md", "## Permissions");
  const { ViewChannel, Connect, Speak, UseVAD, SendMessages, ReadMessageHistory, ChangeNickname } = PermissionFlagsBits;
  const voice = ViewChannel | Connect | Speak | UseVAD;
  expect(page).toContain(`&permissions=${voice | SendMessages}\``);
  expect(page).toContain(`| record without messages | ${voice} |`);
  expect(page).toContain(`| record, with messages | ${voice | SendMessages} |`);
  expect(page).toContain(`| the same, with chat | ${voice | SendMessages | ReadMessageHistory} |`);
  const bits = [ViewChannel, Connect, Speak, UseVAD, SendMessages, ReadMessageHistory, ChangeNickname];
  expect(matches(page, /^\| [A-Z][\w ]+ \| (\d+) \|/gm)).toEqual(expect.arrayContaining(bits.map(String)));
});

describe("the examples", () => {
  const EXAMPLES = "docs/reference/examples/";
  /** Validates as a reader would who has only the JSON Schema. */
  function validator(schema: string) {
    const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: true });
    formats.default(ajv);
    return ajv.compile(JSON.parse(read(`config/schemas/${schema}.schema.json`)));
  }
  const linesOf = (name: string): { type?: string; event?: string }[] =>
    read(`${EXAMPLES}${name}`)
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));

  test.each([
    ["chat.jsonl", "chat-event", chatEvent.options.map(({ shape }) => shape.type.value)],
    ["events.jsonl", "session-event", sessionEvent.options.map(({ shape }) => shape.type.value)],
    ["job-events.jsonl", "event-envelope", envelope.options.map(({ shape }) => shape.event.value)],
  ])("in %s are valid, and there is one of each kind", (name, schema, kinds) => {
    const isValid = validator(schema);
    for (const line of linesOf(name)) expect(isValid(line), JSON.stringify(isValid.errors)).toBe(true);
    const seen = linesOf(name).map(({ type, event }) => event ?? type);
    expect(seen.sort()).toEqual([...kinds].sort());
  });

  test("contain a valid manifest whose counts add up", () => {
    const manifest = manifestSchema.parse(JSON.parse(read(`${EXAMPLES}manifest.json`)));
    const isValid = validator("manifest");
    expect(isValid(JSON.parse(read(`${EXAMPLES}manifest.json`))), JSON.stringify(isValid.errors)).toBe(true);
    const { received, written, dropped } = manifest.datagrams;
    expect(Object.values(dropped).reduce((sum, count) => sum + count, written)).toBe(received);
  });
});

describe("monitoring.md", () => {
  const PAGE = "docs/operate/monitoring.md";
  const METRICS = matches(read("src/control/metrics.ts"), /name: "(meetbot_\w+)"/g);

  test("lists each metric of the worker, and no others", () => {
    expect(firstColumn(PAGE, "## Metrics").sort()).toEqual([...METRICS].sort());
  });

  test("contains alerts in valid PromQL that use existing metrics", () => {
    const [yaml = ""] = matches(section(PAGE, "## Alerts"), /^```yaml\n([\s\S]*?)^```/gm);
    const { groups }: { groups: { rules: { alert: string; expr: string }[] }[] } = parse(yaml);
    const rules = groups.flatMap((group) => group.rules);
    expect(rules.length).toBeGreaterThan(3);
    for (const { alert, expr } of rules) {
      parser.parse(expr).iterate({
        enter: ({ name, type, from, to }) => {
          expect(type.isError, alert).toBe(false);
          const metric = expr.slice(from, to);
          if (name === "Identifier" && metric.startsWith("meetbot_")) expect(METRICS, alert).toContain(metric);
        },
      });
    }
  });
});

test("The README and the architecture page are short, and the README starts with the warning.", () => {
  const lines = read("README.md").split("\n");
  expect(lines.length).toBeLessThanOrEqual(150);
  expect(lines.slice(0, 6).join("\n")).toContain("never been run against live Discord");
  expect(read("docs/develop/architecture.md").split("\n").length).toBeLessThanOrEqual(150);
});
