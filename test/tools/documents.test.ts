import { existsSync, globSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { llmsFullText, llmsText } from "../../tools/documents/llms.ts";
import { skillFiles } from "../../tools/documents/skill.ts";

const ROOT = new URL("../../", import.meta.url);
const SUMMARY = "Records a Discord voice channel.";
const PAGES = globSync("docs/**/*.md", { cwd: ROOT }).filter((path) => path !== "docs/README.md");

describe("llms.txt", () => {
  const text = llmsText(ROOT, SUMMARY);
  const links = [...text.matchAll(/^- \[[^\]]+\]\(([^)]+)\): \S/gm)].flatMap(([, link]) => link ?? []);

  test("has the form of llmstxt.org: a title, a summary, and sections of links only", () => {
    const [title, summary, ...rest] = text.split("\n\n");
    expect([title, summary]).toEqual(["# meetbot-discord", `> ${SUMMARY}`]);
    const sections = text.slice(text.indexOf("\n## ")).trim().split("\n");
    for (const line of sections) expect(line).toMatch(/^(?:|## .+|- \[[^\]]+\]\([^)]+\): .+)$/);
    expect(rest.join("\n")).not.toMatch(/^# /m);
    expect(sections.filter((line) => line.startsWith("## ")).at(-1)).toBe("## Optional");
  });

  test("links to every page but single decisions, and to none that does not exist", () => {
    expect(links.filter((link) => !existsSync(new URL(link, ROOT)))).toEqual([]);
    const linked = PAGES.filter((path) => !/^docs\/decisions\/\d/.test(path)).sort();
    expect(links.toSorted()).toEqual(linked);
  });
});

describe("llms-full.txt", () => {
  const text = llmsFullText(ROOT, SUMMARY);

  test("has one heading of the second level for each page, and its source under it", () => {
    const lines = withoutCode(text);
    const sources = lines.flatMap((line) => /^Source: (.+)$/.exec(line)?.[1] ?? []);
    expect(sources.toSorted()).toEqual(PAGES.toSorted());
    const headings = lines.filter((line) => /^#{1,2} /.test(line));
    expect(headings.filter((line) => line.startsWith("# "))).toEqual(["# meetbot-discord: all pages"]);
    expect(headings).toHaveLength(1 + PAGES.length);
  });

  test("has the whole text of a page", () => {
    const page = readFileSync(new URL("docs/guide/quickstart.md", ROOT), "utf8");
    const [, block = ""] = /^```js\n([\s\S]+?)^```/m.exec(page) ?? [];
    expect(block).toContain("createServer");
    expect(text).toContain(block);
  });
});

describe("the skill", async () => {
  const files = await skillFiles();
  const skill = files["SKILL.md"] ?? "";

  test("has front matter that agents accept (agentskills.io, Specification)", () => {
    const [, front = ""] = /^---\n([\s\S]+?)\n---\n/.exec(skill) ?? [];
    const { name, description, ...others } = parse(front);
    // The folder has this name.
    expect(name).toBe("meetbot-discord");
    expect(name).toMatch(/^[a-z\d]+(?:-[a-z\d]+)*$/);
    expect(description.length).toBeLessThanOrEqual(1_024);
    expect(description).toMatch(/Use it if/);
    expect(others).toEqual({});
  });

  test("links only to files that it has, and is short enough to read each time", () => {
    const links = [...skill.matchAll(/\]\(([^)]+)\)/g)].flatMap(([, link]) => link ?? []);
    expect(links).toEqual(["references/commands.md"]);
    for (const link of links) expect(files[link]).toContain("## bot dispatch");
    expect(skill.split("\n").length).toBeLessThan(120);
  });

  test("lists every verb with what --json prints, and every exit code", () => {
    for (const verb of ["bot watch <id>", "recordings download <id>", "webhooks verify", "login"]) {
      expect(skill).toMatch(new RegExp(`^\\| \`${verb}\` \\| .+ \\| one JSON object.* \\|$`, "m"));
    }
    const codes = [...skill.matchAll(/^\| (\d) \|/gm)].map(([, code]) => code);
    expect(codes).toEqual(["0", "1", "2", "3", "4"]);
  });
});

/** The lines that are not in a block of code. */
function withoutCode(text: string): string[] {
  return text.replaceAll(/^```[\s\S]*?^```/gm, "").split("\n");
}
