import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../src/settings/load.ts";
import {
  CHANNEL_ID,
  COMPLETE,
  fileWith,
  folder,
  GUILD_ID,
  load,
  MEETING_URL,
  problemsOf,
  problemsWith,
  TOKEN,
} from "../support/settings-of.ts";

describe("names", () => {
  test("close to a setting's name get that suggested", () => {
    expect(problemsWith({ MEETBOT_STORAGE_URL: "file:x" })).toEqual([
      "MEETBOT_STORAGE_URL is not a setting; did you mean MEETBOT_STORAGE_URI?",
    ]);
  });

  test("like no setting's point to the page that lists them; their values are not quoted because they may be secrets", () => {
    expect(problemsWith({ MEETBOT_XYZ: TOKEN })).toEqual([
      "MEETBOT_XYZ is not a setting; docs/reference/settings.md lists all",
    ]);
  });

  test("of other software are ignored", () => {
    expect(load({ PATH: "/bin", DISCORD_WEBHOOK: "x", AWS_REGION: "eu-central-1" }).token).toBe(TOKEN);
  });

  test("with an empty value count as not set, known or not", () => {
    const config = load({ MEETBOT_ROTATE: "", MEETBOT_JOB_ID: "", DISCORD_BOT_TOKEN_FILE: "", MEETBOT_XYZ: "" });
    expect(config.rotate).toBe("utterance");
    expect(config.jobId).toMatch(/^job_/);
  });

  test("with _FILE belong only to secrets", () => {
    expect(problemsWith({ MEETBOT_JOB_ID_FILE: "/run/job" })).toHaveLength(1);
  });
});

describe("the token", () => {
  test("can be in a file, with the line break that editors add", () => {
    const environment = { MEETBOT_MEETING_URL: MEETING_URL, DISCORD_BOT_TOKEN_FILE: fileWith("token", `${TOKEN}\n`) };
    expect(loadConfig({ environment })).toMatchObject({ token: TOKEN, secrets: [TOKEN] });
  });

  test("is required", () => {
    expect(problemsWith({ DISCORD_BOT_TOKEN: undefined })).toEqual([
      "DISCORD_BOT_TOKEN is not set; give the path of a file that holds the bot's token as DISCORD_BOT_TOKEN_FILE, or the token itself as DISCORD_BOT_TOKEN",
    ]);
  });

  test("cannot be given both ways", () => {
    expect(problemsWith({ DISCORD_BOT_TOKEN_FILE: fileWith("both", TOKEN) })).toEqual([
      "DISCORD_BOT_TOKEN and DISCORD_BOT_TOKEN_FILE are both set, expected one of them",
    ]);
  });

  test("in a missing file is one problem, which names the file", () => {
    const path = join(folder, "missing");
    const problems = problemsWith({ DISCORD_BOT_TOKEN: undefined, DISCORD_BOT_TOKEN_FILE: path });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`DISCORD_BOT_TOKEN_FILE is "${path}", expected a file that can be read: ENOENT`);
  });

  test.each([
    ["as a variable", (value: string) => ({ DISCORD_BOT_TOKEN: value })],
    [
      "in a file",
      (value: string) => ({ DISCORD_BOT_TOKEN: undefined, DISCORD_BOT_TOKEN_FILE: fileWith("bad", value) }),
    ],
  ])("in a wrong form is never quoted, given %s", (_, environment) => {
    const value = "a-recognisable-secret with a space";
    const problems = problemsWith(environment(value));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain("is not a usable value (not shown), expected a bot token");
    expect(problems.join()).not.toContain("recognisable");
  });

  test("is not quoted from a configuration file that is not JSON", () => {
    // Unquoted: the parser's own message would show the text around the place where it stumbled.
    const path = fileWith("broken.json", `{"botToken": ${TOKEN}}`);
    const problems = problemsOf({ environment: {}, file: path });
    expect(problems[0]).toBe(`--config ${path}: not JSON, expected a JSON object of settings`);
    for (let start = 0; start + 8 <= TOKEN.length; start += 1) {
      expect(problems.join()).not.toContain(TOKEN.slice(start, start + 8));
    }
  });
});

describe("a configuration file", () => {
  test("accepts the same settings, numbers as numbers or as text", () => {
    const file = fileWith(
      "full.json",
      JSON.stringify({ botToken: TOKEN, meetingUrl: MEETING_URL, maxPartSeconds: 30, rotateSilenceSeconds: "5" }),
    );
    expect(loadConfig({ environment: {}, file })).toMatchObject({
      token: TOKEN,
      channelId: CHANNEL_ID,
      maxPartSeconds: 30,
      rotateSilenceSeconds: 5,
    });
  });

  test("is overridden by the environment", () => {
    const file = fileWith("rotate.json", JSON.stringify({ rotate: "never", maxPartSeconds: 30 }));
    expect(load({ MEETBOT_ROTATE: "duration" }, { file })).toMatchObject({ rotate: "duration", maxPartSeconds: 30 });
  });

  test("has its problems reported with name and key, together with those of the environment", () => {
    const file = fileWith("wrong.json", JSON.stringify({ rotate: true, rotatee: "never", maxPartSeconds: null }));
    const problems = problemsOf({ environment: { ...COMPLETE, MEETBOT_LOG_LEVEL: "all" }, file });
    expect(problems).toEqual([
      `${file}: "rotatee" is not a setting; did you mean rotate?`,
      `${file}: "rotate" is true, expected one of utterance, duration, never`,
      `${file}: "maxPartSeconds" is null, expected a whole number of seconds from 10 to 86400`,
      'MEETBOT_LOG_LEVEL is "all", expected one of trace, debug, info, warn, error, silent',
    ]);
  });

  test.each([
    ["a list", "[]"],
    ["a text", '"x"'],
    ["null", "null"],
  ])("that holds %s is refused", (_, content) => {
    const file = fileWith("other.json", content);
    expect(problemsOf({ environment: COMPLETE, file })).toEqual([
      `--config ${file}: expected a JSON object of settings`,
    ]);
  });

  test("that is cut off is reported with line and column", () => {
    const file = fileWith("cut.json", '{\n  "rotate": "never"\n  "maxPart');
    expect(problemsOf({ environment: COMPLETE, file })).toEqual([
      `--config ${file}: not JSON (line 3 column 3), expected a JSON object of settings`,
    ]);
  });

  test("that does not exist is refused by its name", () => {
    const file = join(folder, "missing.json");
    expect(problemsOf({ environment: COMPLETE, file })[0]).toContain(`--config ${file}: ENOENT`);
  });

  test("names a channel only if the environment names none, in either form", () => {
    const other = "81384788765712385";
    const ids = fileWith("ids.json", JSON.stringify({ guildId: other, channelId: CHANNEL_ID }));
    expect(load({}, { file: ids })).toMatchObject({ guildId: GUILD_ID });
    const url = fileWith("url.json", JSON.stringify({ meetingUrl: `discord://${other}/${CHANNEL_ID}` }));
    const environment = { DISCORD_BOT_TOKEN: TOKEN, DISCORD_GUILD_ID: GUILD_ID, DISCORD_CHANNEL_ID: CHANNEL_ID };
    expect(loadConfig({ environment, file: url })).toMatchObject({ guildId: GUILD_ID });
  });

  test("may begin with a byte order mark", () => {
    const file = fileWith("bom.json", `\uFEFF${JSON.stringify({ maxPartSeconds: 20 })}`);
    expect(load({}, { file }).maxPartSeconds).toBe(20);
  });

  test("never has a wrong token quoted", () => {
    const file = fileWith(
      "secret.json",
      JSON.stringify({ botToken: ["a-recognisable-secret"], meetingUrl: MEETING_URL }),
    );
    expect(problemsOf({ environment: {}, file }).join()).not.toContain("recognisable");
  });
});
