import { describe, expect, test } from "vitest";
import { REDACTED, Redactor } from "../../src/redactor.ts";
import { type Config, loadConfig } from "../../src/settings/load.ts";
import { SECRET_NAMES } from "../../src/settings/settings.ts";
import { problemsIn } from "../support/settings-problems.ts";

const WEBHOOK = {
  MEETBOT_WEBHOOK_URL: "https://hooks.example.org/meetbot",
  MEETBOT_WEBHOOK_SECRET: "whsec_recognisable",
};
const INGEST = { MEETBOT_INGEST_URL: "http://10.0.0.7/api/v1/ingest", MEETBOT_INGEST_TOKEN: "recognisable-token" };

function load(environment: Record<string, string>): Config {
  return loadConfig({
    environment: {
      DISCORD_BOT_TOKEN: "MTAwMDAwMDAwMDAwMDAwMDAx.GhIjKl.abcdefghijklmnopqrstuvwxyz0",
      MEETBOT_MEETING_URL: "discord://81384788765712384/381870553235193857",
      ...environment,
    },
  });
}

function problemsWith(environment: Record<string, string>): readonly string[] {
  return problemsIn(() => load(environment));
}

describe("the addresses that events go to", () => {
  test("come with their secrets", () => {
    expect(load({ ...WEBHOOK, ...INGEST })).toMatchObject({
      webhook: { url: WEBHOOK.MEETBOT_WEBHOOK_URL, secret: WEBHOOK.MEETBOT_WEBHOOK_SECRET, allowPrivate: false },
      ingest: { url: INGEST.MEETBOT_INGEST_URL, token: INGEST.MEETBOT_INGEST_TOKEN },
    });
  });

  test.each([...Object.entries(WEBHOOK), ...Object.entries(INGEST)])("are refused if only %s is set", (name, value) => {
    const [problem, ...more] = problemsWith({ [name]: value });
    expect(problem).toMatch(new RegExp(`^${name} is set without MEETBOT_\\w+, expected both$`));
    expect(more).toEqual([]);
  });

  test("must be encrypted for a customer, unless private receivers are allowed", () => {
    const plain = { ...WEBHOOK, MEETBOT_WEBHOOK_URL: "http://hooks.example.org/meetbot" };
    expect(problemsWith(plain)).toEqual([
      "MEETBOT_WEBHOOK_URL is an http:// address, expected an https:// address, or MEETBOT_WEBHOOK_ALLOW_PRIVATE=true for a receiver in your own network",
    ]);
    expect(load({ ...plain, MEETBOT_WEBHOOK_ALLOW_PRIVATE: "true" }).webhook?.allowPrivate).toBe(true);
  });

  test.each([
    ["MEETBOT_WEBHOOK_URL", "ftp://user:recognisable@example.org"],
    ["MEETBOT_WEBHOOK_URL", "recognisable"],
    ["MEETBOT_WEBHOOK_SECRET", "short"],
    ["MEETBOT_INGEST_URL", "https://user:recognisable@example.org"],
    ["MEETBOT_INGEST_TOKEN", "recognisable token"],
    ["MEETBOT_INGEST_TOKEN", "recognisable\r\nx-injected:1"],
  ])("are not quoted if they are wrong: %s", (name, value) => {
    const problems = problemsWith({ ...WEBHOOK, ...INGEST, [name]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`${name} is not a usable value (not shown), expected a`);
    expect(problems.join()).not.toContain(value);
  });
});

test("Secrets, addresses and their possibly secret parts are removed from every text.", () => {
  const url = "https://service:p%40ssw%C3%B6rd@hooks.example.org/meetbot?key=qu%2Dery-secret&percent=100%25%zz-raw";
  const redactor = new Redactor(load({ ...WEBHOOK, ...INGEST, MEETBOT_WEBHOOK_URL: url }).secrets);
  const shown = [
    ...["whsec_recognisable", "recognisable-token", url, INGEST.MEETBOT_INGEST_URL],
    ...["service", "p%40ssw%C3%B6rd", "p@ssw\u00f6rd", "qu%2Dery-secret", "qu-ery-secret", "100%25%zz-raw"],
  ];
  for (const text of shown) expect(redactor.redact(`<${text}>`)).toBe(`<${REDACTED}>`);
});

test("The addresses are removed from the environment with the secrets.", () => {
  const names = [...Object.keys(WEBHOOK), ...Object.keys(INGEST)];
  expect(SECRET_NAMES).toEqual(expect.arrayContaining(names));
});
