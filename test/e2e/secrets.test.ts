import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { person, toneCall } from "../support/tone-call.ts";
import { recordFixture } from "../support/worker.ts";

const TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GRecog.recognisable-secret-of-the-test";

describe("the bot token", () => {
  it("is in no output, file or log, at trace level, in any form", async () => {
    const fixture = toneCall([{ user: person(1), leavesAtMs: 1_500, speaksFromMs: 100, packetCount: 40 }]);
    const recorded = await recordFixture(fixture, {
      loopback: { token: TOKEN },
      environment: { MEETBOT_LOG_LEVEL: "trace" },
    });
    expect(recorded.exitCode).toBe(0);
    expect(recorded.stderr).toContain('"level":10');

    const files = await readdir(recorded.directory);
    const contents = await Promise.all(files.map((name) => readFile(join(recorded.directory, name), "latin1")));
    const secret = TOKEN.split(".").at(-1) ?? "";
    for (const text of [recorded.stdout, recorded.stderr, ...contents]) {
      for (const form of [TOKEN, secret, Buffer.from(TOKEN).toString("base64").replace(/=+$/, "")]) {
        expect(text).not.toContain(form);
      }
    }
  });
});
