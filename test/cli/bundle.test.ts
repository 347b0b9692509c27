import { readdirSync, readFileSync, statSync } from "node:fs";
import { expect, test } from "vitest";
import * as z from "zod";

const DIST = new URL("../../dist/cli/", import.meta.url);
const sourceMap = z.object({ sources: z.array(z.string()) });

/** Chunks that a process loads at once, without those that it imports later. */
function loadedBy(modules: readonly string[]): ReadonlySet<string> {
  const names = readdirSync(DIST);
  const chunkOf = (module: string) => names.find((name) => name.startsWith(`${module}-`) && name.endsWith(".js")) ?? "";
  const seen = new Set<string>();
  const follow = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    const text = readFileSync(new URL(name, DIST), "utf8");
    for (const [, imported = ""] of text.matchAll(/\b(?:from|import)"\.\/([\w.-]+\.js)"/g)) follow(imported);
  };
  for (const name of ["main.js", ...modules.map(chunkOf)]) follow(name);
  return seen;
}

function sourcesOf(chunks: Iterable<string>): readonly string[] {
  return [...chunks].flatMap(
    (name) => sourceMap.parse(JSON.parse(readFileSync(new URL(`${name}.map`, DIST), "utf8"))).sources,
  );
}

test("A job loads no code that it does not need: S3, the HTTP server, MCP, other commands, messages in other languages.", () => {
  // To a folder, without an HTTP port.
  const chunks = [...loadedBy(["program", "record", "run-record"])];
  const sources = sourcesOf(chunks);
  expect(sources.some((path) => path.endsWith("src/recording/recorder.ts"))).toBe(true);
  expect(sources.some((path) => path.includes("node_modules/@discordjs/ws/"))).toBe(true);
  const unneeded =
    /node_modules\/(discord\.js|fastify|@aws-sdk|@modelcontextprotocol|@smithy|yaml|prom-client|selfsigned|string-width)\/|zod\/v4\/locales\/(?!en\.)|src\/(loopback|export|kubernetes|service|mcp|sdk)\//;
  expect(sources.filter((path) => unneeded.test(path))).toEqual([]);
  const bytes = chunks.reduce((sum, name) => sum + statSync(new URL(name, DIST)).size, 0);
  expect(bytes).toBeLessThan(3_100_000);
});

test("A service without a bot and PostgreSQL loads no code for commands in Discord, no library for Discord, and no pg.", () => {
  const sources = sourcesOf(loadedBy(["program", "serve", "run-serve"]));
  expect(sources.some((path) => path.endsWith("src/compose/service.ts"))).toBe(true);
  const unneeded = /node_modules\/(@discordjs|pg[\w-]*)\/|src\/(discord|service\/resident|service\/store\/postgres)/;
  expect(sources.filter((path) => unneeded.test(path))).toEqual([]);
});
