import { writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ConfigError } from "../../src/errors.ts";
import { loadConfig } from "../../src/settings/load.ts";
import { loadServiceConfig } from "../../src/settings/service.ts";

const problemsOf = (environment: Record<string, string>, file?: string): readonly string[] => {
  try {
    loadServiceConfig({ environment, file });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

it("starts without any setting, in the user's folder for state", () => {
  const config = loadServiceConfig({ environment: { HOME: "/home/ada" }, file: undefined });
  expect(config).toMatchObject({ host: "127.0.0.1", port: 8080, retentionMs: null, maxWorkers: undefined });
  expect(config.dataDirectory).toBe("/home/ada/.local/state/meetbot-discord/service");
  expect(config.storageUri).toBe("file:/home/ada/.local/state/meetbot-discord/service/recordings");
});

it("uses the host of its public address as its own name", () => {
  const environment = { MEETBOT_SERVICE_PUBLIC_URL: "https://Calls.example.org/", MEETBOT_SERVICE_ALLOWED_HOSTS: "A" };
  const config = loadServiceConfig({ environment, file: undefined });
  expect(config.publicUrl).toBe("https://Calls.example.org");
  expect(config.allowedHosts).toEqual(["a", "calls.example.org"]);
});

it("reads a file, and the environment overrides it", async () => {
  const file = join(await mkdtemp(join(tmpdir(), "meetbot-test-")), "service.json");
  writeFileSync(file, JSON.stringify({ port: 1234, maxWorkers: 3 }));
  const config = loadServiceConfig({ environment: { MEETBOT_SERVICE_PORT: "99" }, file });
  expect(config).toMatchObject({ port: 99, maxWorkers: 3 });
});

it("names each problem, and suggests the intended name", async () => {
  const file = join(await mkdtemp(join(tmpdir(), "meetbot-test-")), "service.json");
  writeFileSync(file, JSON.stringify({ maxWorker: 3 }));
  const environment = { MEETBOT_SERVICE_PORT: "high", MEETBOT_SERVICE_RETENTION: "7" };
  expect(problemsOf(environment, file)).toEqual([
    `${file}: "maxWorker" is not a setting; did you mean maxWorkers?`,
    "MEETBOT_SERVICE_RETENTION is not a setting; did you mean MEETBOT_SERVICE_RETENTION_DAYS?",
    'MEETBOT_SERVICE_PORT is "high", expected a port number from 0 to 65535',
  ]);
});

it("leaves the worker's settings to the worker, and the worker leaves the service's to the service", () => {
  expect(problemsOf({ MEETBOT_NOTICE: "off" })).toEqual([]);
  const environment = {
    DISCORD_BOT_TOKEN: "MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.abcdefghijklmnopqrstuvwxyzABCDE",
    MEETBOT_MEETING_URL: "discord://123456789012345678/123456789012345679",
    MEETBOT_SERVICE_PORT: "9999",
  };
  expect(loadConfig({ environment }).http).toBeUndefined();
});

it("has a bot for commands, with others that record, and shows no token in a problem", () => {
  const token = (id: number) =>
    `${Buffer.from(String(10n ** 17n + BigInt(id))).toString("base64url")}.Gabcde.${"x".repeat(38)}`;
  const environment = { MEETBOT_BOT_TOKEN: token(1), MEETBOT_BOT_POOL: [1, 2, 2].map(token).join(",") };
  const guilds = { MEETBOT_COMMAND_GUILDS: "123456789012345678,123456789012345679" };
  const { resident } = loadServiceConfig({
    environment: { ...environment, ...guilds, HOME: "/home/ada" },
    file: undefined,
  });
  expect(resident).toEqual({
    ...{ token: token(1), pool: [token(2)] },
    commandGuilds: ["123456789012345678", "123456789012345679"],
  });
  expect(problemsOf({ MEETBOT_BOT_POOL: token(2) })).toEqual([
    "MEETBOT_BOT_POOL is set without MEETBOT_BOT_TOKEN, the bot that answers commands; expected both",
  ]);
  const [problem] = problemsOf({ ...environment, MEETBOT_BOT_POOL: `${token(2)} ${token(3)}` });
  expect(problem).toMatch(/^MEETBOT_BOT_POOL is not a usable value/);
  expect(problem).not.toContain("Gabcde");
  expect(problemsOf({ MEETBOT_COMMAND_GUILD: "1" })).toHaveLength(1);
});

it("takes the address of a PostgreSQL database, also from a file, and never shows a wrong one", async () => {
  const address = "postgres://meetbot:pa%2Fss@db.example.org/meetbot?sslmode=verify-full";
  const file = join(await mkdtemp(join(tmpdir(), "meetbot-test-")), "address");
  writeFileSync(file, `${address}\n`);
  const config = loadServiceConfig({ environment: { MEETBOT_SERVICE_DATABASE_FILE: file }, file: undefined });
  expect(config.database).toBe(address);
  const wrong = ["mysql://a:recognisable@db/a", "postgres://a:recognisable/1@db/a", "postgres://a:recognisable%@db/a"];
  for (const database of wrong) {
    const [problem, ...others] = problemsOf({ MEETBOT_SERVICE_DATABASE: database });
    expect(others).toEqual([]);
    expect(problem).toContain("expected an address postgres://HOST:PORT/DATABASE, with USER:PASSWORD");
    expect(problem).not.toContain("recognisable");
  }
});
