import { expect, test, vi } from "vitest";
import { clientOf, clientWith } from "../../src/cli/client/environment.ts";
import { endWith } from "../../src/cli/client/outcome.ts";
import { login } from "../../src/cli/commands/client/run-login.ts";
import { MeetbotConnectionError } from "../../src/sdk/index.ts";
import { ended } from "../support/ended.ts";

test("A key that cannot be one is named by where it was given.", async () => {
  await expect(clientOf({ MEETBOT_API_KEY: "nonsense" })).rejects.toThrow(/^MEETBOT_API_KEY: /);
  expect(() => clientWith("nonsense", {}, "the key in /home/a/token")).toThrow(/^the key in \/home\/a\/token: /);
  const { code, stderr } = await ended(() => login({ token: "nonsense" }));
  expect([code, stderr]).toEqual([3, expect.stringMatching(/^meetbot-discord: --token: /)]);
});

test.each([
  ["", "MEETBOT_API_BASE_URL is not set, so https://api.meetbot.dev was asked; set it to your service's address"],
  ["http://127.0.0.1:9", "MEETBOT_API_BASE_URL is the service's address; see whether it is right"],
])("A service that cannot be reached is explained by its variable: %j", async (baseUrl, advice) => {
  vi.stubEnv("MEETBOT_API_BASE_URL", baseUrl);
  const { code, stderr } = await ended(() =>
    endWith(async () => {
      throw new MeetbotConnectionError("the host could not be reached");
    }),
  );
  expect([code, stderr]).toEqual([2, `meetbot-discord: the host could not be reached\n  ${advice}\n`]);
});
