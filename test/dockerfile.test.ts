import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { validate } from "dockerfile-utils";
import { describe, expect, test } from "vitest";
import { ENTRYPOINT, RECORDINGS_PATH, SPOOL_PATH, USER_ID } from "../src/kubernetes/image.ts";
import { portOf } from "../src/loopback/net.ts";
import { SETTINGS } from "../src/settings/settings.ts";
import { NODE_FLAGS, WORKER_ENVIRONMENT } from "./support/shipped-worker.ts";

/** In the first line of the command an older Node would refuse it; there a listener of our own takes its place. */
const NO_DEBUGGER = "--disable-sigusr1";
const COMPILE_CACHE = "/app/compiled";

const ROOT = new URL("../", import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, ROOT), "utf8");

interface Instruction {
  readonly keyword: string;
  readonly value: string;
}

/** The instructions of a Dockerfile by stage; comments left out, continued lines joined. */
function stagesOf(dockerfile: string): Instruction[][] {
  const text = dockerfile.replaceAll(/^#.*\n/gm, "").replaceAll(/\\\n\s*/g, "");
  const instructions = text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => ({ keyword: line.split(" ", 1).join(), value: line.slice(line.indexOf(" ") + 1) }));
  const stages: Instruction[][] = [];
  for (const instruction of instructions) {
    if (instruction.keyword === "FROM") stages.push([]);
    stages.at(-1)?.push(instruction);
  }
  return stages;
}

const stages = stagesOf(read("Dockerfile"));
const final = stages.at(-1) ?? [];
const valueFor = (keyword: string): string => final.find((row) => row.keyword === keyword)?.value ?? "";

test("A linter accepts the Dockerfile.", () => {
  expect(validate(read("Dockerfile"))).toEqual([]);
  const { message } = validate(read("Dockerfile").replace("STOPSIGNAL SIGTERM", "STOPSIGNL SIGTERM"))[0] ?? {};
  expect(message).toBe("Unknown instruction: STOPSIGNL");
});

describe("the image", () => {
  test("is built in stages, by default on the slim image of the project's Node version", () => {
    expect(stages.map(([from]) => from?.value)).toEqual(["$BASE AS build", "$BASE AS app", "$BASE"]);
    expect(read("Dockerfile")).toMatch(/^ARG BASE=node:24-slim$/m);
  });

  test("runs node itself as process 1, which gets SIGTERM, with the command's usual options", () => {
    expect(JSON.parse(valueFor("ENTRYPOINT"))).toEqual(["node", ...NODE_FLAGS, NO_DEBUGGER, "dist/cli/main.js"]);
    expect(JSON.parse(read("package.json")).scripts.start).toBe(
      `node ${[...NODE_FLAGS, NO_DEBUGGER].join(" ")} dist/cli/main.js`,
    );
    expect(valueFor("STOPSIGNAL")).toBe("SIGTERM");
    expect(valueFor("CMD")).toBe("");
  });

  test("runs as a user without privileges, given by number", () => {
    expect(valueFor("USER")).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    const after = final.slice(final.findIndex(({ keyword }) => keyword === "USER"));
    expect(after.map(({ keyword }) => keyword)).not.toContain("RUN");
  });

  test("matches what the Kubernetes manifests expect", () => {
    expect(JSON.parse(valueFor("ENTRYPOINT"))).toEqual(ENTRYPOINT);
    expect(JSON.parse(valueFor("VOLUME"))).toEqual([RECORDINGS_PATH, SPOOL_PATH]);
    expect(valueFor("USER")).toBe(`${USER_ID}:${USER_ID}`);
  });

  test("contains the bundle, its native packages and the demo's call, and no other tests", () => {
    const build = stages[0]?.filter(({ keyword }) => keyword === "RUN").map(({ value }) => value) ?? [];
    expect(build).toContain("npm ci");
    expect(build.at(-1)).toContain("node tools/publish.ts prepare && npm prune --omit=dev");
    const copied = stages.slice(1).flatMap((stage) => stage.filter(({ keyword }) => keyword === "COPY"));
    const sources = copied.flatMap(({ value }) =>
      value
        .split(" ")
        .filter((word) => !word.startsWith("--"))
        .slice(0, -1),
    );
    expect(sources).toEqual([
      ...["/app/node_modules", "/app/dist", "/app/package.json"],
      ...["LICENSE", "config", "docs", "test/fixtures/standup"],
      "/app",
    ]);
    expect(read(".dockerignore").split("\n")).toContain("*");
  });

  test("contains compiled code of a recording, made by the same user with the same options", () => {
    const cache = stages[1] ?? [];
    const valuesFor = (keyword: string) => cache.filter((row) => row.keyword === keyword).map(({ value }) => value);
    expect(valuesFor("ENV")).toEqual([`NODE_COMPILE_CACHE=${COMPILE_CACHE}`]);
    expect(valuesFor("USER")).toEqual([valueFor("USER")]);
    expect(valuesFor("RUN").at(-1)).toContain(`${JSON.parse(valueFor("ENTRYPOINT")).join(" ")} demo`);
  });

  test("copies nothing that .dockerignore excludes", () => {
    const allowed = read(".dockerignore")
      .split("\n")
      .filter((line) => line.startsWith("!"));
    const copies = stages.flat().filter(({ keyword, value }) => keyword === "COPY" && !value.startsWith("--from"));
    const sources = copies.flatMap(({ value }) => value.split(" ").slice(0, -1));
    expect(sources.map((source) => `!${source}`).filter((source) => !allowed.includes(source))).toEqual([]);
  });

  test("keeps recordings and spool in volumes that the settings point to, and sets the same memory options as the command", () => {
    const volumes: string[] = JSON.parse(valueFor("VOLUME"));
    const set = Object.fromEntries(
      [...valueFor("ENV").matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value]),
    );
    expect(volumes).toEqual(["/recordings", "/spool"]);
    expect(set).toEqual({
      ...WORKER_ENVIRONMENT,
      NODE_ENV: "production",
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      MEETBOT_STORAGE_URI: "file:/recordings",
      MEETBOT_SPOOL_DIR: "/spool",
      MEETBOT_HTTP_PORT: "8080",
    });
    const known = SETTINGS.map(({ name }): string => name);
    expect(Object.keys(set).filter((name) => name.startsWith("MEETBOT_") && !known.includes(name))).toEqual([]);
  });

  test("is healthy if the worker answers, and unhealthy if not", async () => {
    const [command = "", ...args]: string[] = JSON.parse(valueFor("HEALTHCHECK").replace(/^.*? CMD /, ""));
    expect(command).toBe("node");
    const exitCode = async (port: string) => {
      const child = spawn(process.execPath, args, { env: { MEETBOT_HTTP_PORT: port } });
      const [code]: unknown[] = await once(child, "exit");
      return code;
    };
    const server = createServer((request, response) => {
      response.writeHead(request.url === "/healthz" && answers ? 200 : 503).end();
    });
    let answers = true;
    await once(server.listen(0, "127.0.0.1"), "listening");
    const port = String(portOf(server));
    expect(await exitCode(port)).toBe(0);
    answers = false;
    expect(await exitCode(port)).toBe(1);
    server.close();
    await once(server, "close");
    expect(await exitCode(port)).toBe(1);
    expect(await exitCode("")).toBe(0);
  });
});
