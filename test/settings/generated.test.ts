import { readdirSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { chatEvent } from "../../src/session/chat.ts";
import { sessionEvent } from "../../src/session/session-events.ts";
import { loadConfig } from "../../src/settings/load.ts";
import { SETTINGS } from "../../src/settings/settings.ts";
import { generatedFiles } from "../../tools/generated-files.ts";

const CONFIG = new URL("../../config/", import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, CONFIG), "utf8");
const SCHEMAS = readdirSync(new URL("schemas/", CONFIG)).map((name) => `schemas/${name}`);
const TOKEN = "MTAwMDAwMDAwMDAwMDAwMDAx.GhIjKl.abcdefghijklmnopqrstuvwxyz0";

/** Compiles as strictly as Ajv can; fails on unknown keywords, formats and types. */
function compile(name: string) {
  const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: true });
  formats.default(ajv);
  return ajv.compile(JSON.parse(read(name)));
}

const FILES = await generatedFiles();

describe("the generated files", () => {
  test.each(Object.entries(FILES))("match what `npm run generate` writes: %s", (name, content) => {
    expect(read(name)).toBe(content);
  });

  test("include every schema that ships", () => {
    expect(Object.keys(FILES)).toEqual(expect.arrayContaining(SCHEMAS));
    expect(SCHEMAS).toHaveLength(6);
  });
});

describe("the schemas", () => {
  test.each(SCHEMAS)("compile as JSON Schema 2020-12: %s", (name) => {
    expect(JSON.parse(read(name)).$schema).toBe("https://json-schema.org/draft/2020-12/schema");
    expect(compile(name)({})).toBe(false);
  });

  const person = { id: "80123456789012345", username: "ada", displayName: "Ada", bot: false };
  const flags = {
    ...{ selfMute: false, selfDeaf: false, serverMute: false, serverDeaf: false },
    ...{ streaming: false, video: false, suppressed: false },
  };
  const join = { type: "participant.join", atMs: 0, participant: person, flags };
  const message = { at: "2026-01-15T09:00:00.000Z", offsetMs: -5, id: "1", channelId: "2" };

  test.each([
    ["schemas/session-event.schema.json", sessionEvent, join],
    ["schemas/session-event.schema.json", sessionEvent, { type: "talkspurt", atMs: 0.5, endMs: 20, speakerId: "1" }],
    ["schemas/session-event.schema.json", sessionEvent, { ...join, addedLater: 1 }],
    ["schemas/session-event.schema.json", sessionEvent, { ...join, atMs: "0" }],
    ["schemas/session-event.schema.json", sessionEvent, { ...join, type: "participant.dance" }],
    ["schemas/chat-event.schema.json", chatEvent, { type: "message.delete", ...message }],
    ["schemas/chat-event.schema.json", chatEvent, { type: "message.delete", ...message, at: "yesterday" }],
    ["schemas/chat-event.schema.json", chatEvent, { type: "message.create", ...message }],
  ])("agree with the code: %s", (name, definition, line) => {
    expect(compile(name)(line)).toBe(definition.safeParse(line).success);
  });
});

describe("the examples", () => {
  test("are accepted as configuration files, including the defaults", () => {
    for (const name of ["example.json", "defaults.json"]) {
      const file = new URL(name, CONFIG).pathname;
      const meetingUrl = "discord://81384788765712384/381870553235193857";
      expect(loadConfig({ environment: { DISCORD_BOT_TOKEN: TOKEN }, file, meetingUrl }).token).toBe(TOKEN);
    }
  });

  test("set known variables to accepted values", () => {
    const lines = read("example.env")
      .split("\n")
      .filter((line) => /^\w/.test(line));
    const pairs = lines.map((line): [string, string] => [line.split("=", 1).join(), line.slice(line.indexOf("=") + 1)]);
    const { DISCORD_BOT_TOKEN_FILE, ...environment } = Object.fromEntries(pairs);
    expect(DISCORD_BOT_TOKEN_FILE).toBe("/run/secrets/discord_bot_token");
    expect(SETTINGS.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(environment)));
    expect(loadConfig({ environment: { ...environment, DISCORD_BOT_TOKEN: TOKEN } }).storage).toEqual({
      kind: "file",
      directory: "/recordings",
    });
  });
});
