import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { clientOf, clientWith } from "../../src/cli/client/environment.ts";
import { endWith } from "../../src/cli/client/outcome.ts";
import { removeSavedLogin, savedKeyFile, saveLogin } from "../../src/cli/client/saved-login.ts";
import { login } from "../../src/cli/commands/client/run-login.ts";
import { MeetbotConnectionError } from "../../src/sdk/index.ts";
import { ended } from "../support/ended.ts";

const KEY = `mb_test_${"0".repeat(40)}`;
const SERVICE = "http://127.0.0.1:8080";

async function newConfigFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "meetbot-login-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

test("A key that cannot be one is named by where it was given.", async () => {
  const env = { MEETBOT_API_KEY: "nonsense", MEETBOT_API_BASE_URL: SERVICE };
  await expect(clientOf(env)).rejects.toThrow(/^MEETBOT_API_KEY: /);
  expect(() => clientWith("nonsense", SERVICE, {}, "the key in /home/a/token")).toThrow(
    /^the key in \/home\/a\/token: /,
  );
  vi.stubEnv("MEETBOT_API_BASE_URL", SERVICE);
  const { code, stderr } = await ended(() => login({ token: "nonsense" }));
  expect([code, stderr]).toEqual([3, expect.stringMatching(/^meetbot-discord: --token: /)]);
});

describe("the service's address", () => {
  test("has no default: a key is never sent to a service that nobody named", async () => {
    const env = { MEETBOT_API_KEY: KEY, XDG_CONFIG_HOME: await newConfigFolder() };
    await expect(clientOf(env)).rejects.toThrow(/^MEETBOT_API_BASE_URL: missing, expected your job service's address/);
    vi.stubEnv("MEETBOT_API_BASE_URL", "");
    const { code, stderr } = await ended(() => login({ token: KEY }));
    expect([code, stderr]).toEqual([1, expect.stringContaining("MEETBOT_API_BASE_URL: missing")]);
  });

  test("is kept by login with the key, in files that only the user can read, and forgotten by logout", async () => {
    const env = { XDG_CONFIG_HOME: await newConfigFolder() };
    await saveLogin(env, { key: KEY, baseUrl: SERVICE });
    expect((await clientOf(env)).meetbot.baseUrl).toBe(SERVICE);
    const files = ["token", "base-url"].map((name) => join(env.XDG_CONFIG_HOME, "meetbot", name));
    for (const file of files) expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(savedKeyFile(env), "utf8")).toBe(`${KEY}\n`);
    await removeSavedLogin(env);
    for (const file of files) await expect(stat(file)).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("of another service refuses a kept key, and takes one that is given with it", async () => {
    const env = { XDG_CONFIG_HOME: await newConfigFolder(), MEETBOT_API_BASE_URL: "http://127.0.0.1:9090" };
    await saveLogin(env, { key: KEY, baseUrl: SERVICE });
    await expect(clientOf(env)).rejects.toThrow(
      /^MEETBOT_API_BASE_URL: is http:\/\/127\.0\.0\.1:9090, but the key in .* is for http:\/\/127\.0\.0\.1:8080; /,
    );
    expect((await clientOf({ ...env, MEETBOT_API_KEY: KEY })).meetbot.baseUrl).toBe("http://127.0.0.1:9090");
    expect((await clientOf({ ...env, MEETBOT_API_BASE_URL: `${SERVICE}/` })).meetbot.baseUrl).toBe(SERVICE);
  });
});

test.each([
  ["", "the service's address is the one that login kept; log in again if it is another one now"],
  [SERVICE, "MEETBOT_API_BASE_URL is the service's address; see whether it is right"],
])("A service that cannot be reached is explained by where its address is from: %j", async (baseUrl, advice) => {
  vi.stubEnv("MEETBOT_API_BASE_URL", baseUrl);
  const { code, stderr } = await ended(() =>
    endWith(async () => {
      throw new MeetbotConnectionError("the host could not be reached");
    }),
  );
  expect([code, stderr]).toEqual([2, `meetbot-discord: the host could not be reached\n  ${advice}\n`]);
});
