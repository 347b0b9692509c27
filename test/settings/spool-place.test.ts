import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { spoolPlace } from "../../src/settings/spool-place.ts";

test.each([
  ["named", "here", {}, resolve("here"), false],
  [
    "in the user's folder for state",
    undefined,
    { XDG_STATE_HOME: "/state", HOME: "/home/ada" },
    "/state/meetbot-discord",
    true,
  ],
  [
    "below the home",
    undefined,
    { XDG_STATE_HOME: "relative", HOME: "/home/ada" },
    "/home/ada/.local/state/meetbot-discord",
    true,
  ],
  ["of a user without HOME", undefined, {}, join(homedir(), ".local/state/meetbot-discord"), true],
])("A spool %s", (_, named, environment, directory, isDefault) => {
  expect(spoolPlace(named, environment)).toEqual({ directory, isDefault });
});

test("A user with the root folder as home, as in some containers, has a spool of their own among the temporary files.", () => {
  const home = process.env.HOME;
  process.env.HOME = "/";
  try {
    const { directory, isDefault } = spoolPlace(undefined, { HOME: "/" });
    expect(directory).toBe(join(tmpdir(), `meetbot-discord-${process.geteuid?.()}`));
    expect(isDefault).toBe(true);
  } finally {
    process.env.HOME = home;
  }
});
