import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { downloadFiles } from "../../src/cli/client/download-files.ts";
import { removeSavedLogin, saveLogin } from "../../src/cli/client/saved-login.ts";
import { dispatch } from "../../src/cli/commands/client/run-bot.ts";
import { serveMcp } from "../../src/cli/commands/client/run-mcp.ts";
import { InputError } from "../../src/errors.ts";
import { createMeetbot, type MeetBot } from "../../src/sdk/index.ts";
import { ended } from "../support/ended.ts";

const KEY = `mb_test_${"0".repeat(40)}`;

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "meetbot-paths-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

describe("a local path that cannot be used is a sentence, not a fault of the program:", () => {
  const file = { name: "a.ogg", bytes: 1, mimeType: "", sha256: null, uri: "", url: "", urlExpiresAt: null };

  /** A client whose files are all one byte. */
  function meetbot(): MeetBot {
    const client = createMeetbot({ apiKey: KEY, baseUrl: "http://127.0.0.1:9" });
    vi.spyOn(client, "downloadFile").mockImplementation(async function* () {
      yield Buffer.from("x");
    });
    return client;
  }

  test("a download onto a file", async () => {
    const out = join(await newFolder(), "file");
    await writeFile(out, "");
    const downloading = downloadFiles(meetbot(), "job_1", [file], out, () => undefined);
    await expect(downloading).rejects.toThrow(`--out: cannot write ${join(out, "a.ogg")}: ${out} is not a folder`);
    await expect(downloading).rejects.toThrow(InputError);
  });

  test("a download below /proc, where Node's own mkdir never ends", async () => {
    const downloading = downloadFiles(meetbot(), "job_1", [file], "/proc/nope", () => undefined);
    await expect(downloading).rejects.toThrow("--out: cannot write /proc/nope/a.ogg: ");
  });

  test("a download after which a folder is in the file's place", async () => {
    const out = await newFolder();
    await mkdir(join(out, "a.ogg"));
    const downloading = downloadFiles(meetbot(), "job_1", [file], out, () => undefined);
    await expect(downloading).rejects.toThrow(InputError);
  });

  test.each(["file", "/proc/nope"])("a home that cannot hold the key: %s", async (name) => {
    const folder = await newFolder();
    await writeFile(join(folder, "file"), "");
    const env = { XDG_CONFIG_HOME: name.startsWith("/") ? name : join(folder, name) };
    const keeping = saveLogin(env, { key: KEY, baseUrl: undefined });
    await expect(keeping).rejects.toThrow("meetbot/token cannot be changed: ");
    await expect(keeping).rejects.toThrow(InputError);
    await expect(keeping).rejects.not.toThrow(KEY);
  });

  test("a key that cannot be removed", async () => {
    const folder = await newFolder();
    await writeFile(join(folder, "file"), "");
    await expect(removeSavedLogin({ XDG_CONFIG_HOME: join(folder, "file") })).rejects.toThrow(InputError);
  });

  test("a request that is not there", async () => {
    vi.stubEnv("MEETBOT_API_KEY", KEY);
    vi.stubEnv("MEETBOT_API_BASE_URL", "http://127.0.0.1:9");
    const { code, stderr } = await ended(() => dispatch(undefined, { request: "/no/such.json" }));
    expect([code, stderr]).toEqual([
      1,
      "meetbot-discord: --request: /no/such.json cannot be read: ENOENT: no such file or directory, open '/no/such.json'\n",
    ]);
  });
});

test.each([
  ["null", ": expected a JSON object with fields of the request"],
  ["[]", ": expected a JSON object with fields of the request"],
  ["7", ": expected a JSON object with fields of the request"],
  ["{", ": not valid JSON, expected an object with fields of the request"],
  ['{"discord":7}', ": discord: expected a JSON object"],
  ['{"webhooks":"ab"}', ": webhooks: expected a JSON object"],
])("A request that is not one is refused before anything is sent: %s", async (text, problem) => {
  const file = join(await newFolder(), "request.json");
  await writeFile(file, text);
  vi.stubEnv("MEETBOT_API_KEY", KEY);
  vi.stubEnv("MEETBOT_API_BASE_URL", "http://127.0.0.1:9");
  const { code, stderr } = await ended(() => dispatch(undefined, { request: file }));
  expect([code, stderr]).toEqual([1, `meetbot-discord: --request: ${file}${problem}\n`]);
});

test("The MCP server without a key ends with the exit code of the table.", async () => {
  const env = { MEETBOT_API_KEY: "", XDG_CONFIG_HOME: await newFolder() };
  const { code, stderr } = await ended(() => serveMcp(env));
  expect([code, stderr]).toEqual([3, expect.stringMatching(/^meetbot-discord: no API key: .*, or run .* login\n$/)]);
});
