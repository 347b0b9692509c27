import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { audioBlock, embeddableJson, GENERATOR_MARK, pageHead } from "../../src/report/html.ts";
import type { PageData } from "../../src/report/page-data.ts";

const ASSETS = { script: "globalThis.ran = true;", style: "body { margin: 0 }" };

const DATA: PageData = {
  channel: "</title><script>1</script>",
  guild: "Acme & Sons",
  jobId: "job_1",
  startedAt: "2026-01-01T12:00:00.000Z",
  endedAt: "2026-01-01T12:00:01.000Z",
  durationMs: 1_000,
  facts: [],
  technicalFacts: [],
  whyEmpty: undefined,
  warnings: ["</script><!-- "],
  speakers: [],
  listeners: [],
  gaps: [],
  messages: undefined,
  mentions: {},
  files: [],
  filesAt: "./",
  clips: [],
  clipsPerBlock: 16,
  audioLeftOut: undefined,
};

test("JSON survives embedding in a page, and contains nothing that could end its element or a line", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const json = embeddableJson({ text: `${text}</script><!--\u2028\u2029` });
      expect(json).not.toMatch(/[<>&\u2028\u2029]/);
      expect(JSON.parse(json)).toEqual({ text: `${text}</script><!--\u2028\u2029` });
    }),
  );
});

test("A page's policy allows only its own script and style, by their hashes", () => {
  const html = pageHead(DATA, ASSETS);
  const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  const policy = /Content-Security-Policy" content="([^"]+)"/.exec(html)?.[1]?.split("; ");
  expect(policy).toEqual([
    "default-src 'none'",
    `script-src ${hash(ASSETS.script)}`,
    `style-src ${hash(ASSETS.style)}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ]);
});

test("A page contains the required elements, whatever names it shows", () => {
  const html = pageHead(DATA, ASSETS);
  expect(html.match(/<script/g)).toHaveLength(2);
  expect(html.match(/<\/title>/g)).toHaveLength(1);
  expect(html).toContain("<title>&#60;/title&#62;&#60;script&#62;1&#60;/script&#62;, Acme &#38; Sons</title>");
});

test("A page is recognised by its first bytes", () => {
  expect(Buffer.from(pageHead(DATA, ASSETS)).subarray(0, 1_024).toString()).toContain(GENERATOR_MARK);
});

test("Sound clips are embedded as lines of Base64", () => {
  const block = audioBlock(3, [Buffer.from("one"), Buffer.from("two")]);
  expect(block).toBe('<script type="text/plain" id="audio-3">b25l\ndHdv</script>\n');
});
