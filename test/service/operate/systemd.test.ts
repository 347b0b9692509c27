import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { missing } from "../../support/audio-programs.ts";

const UNIT = readFileSync(new URL("../../../config/systemd/meetbot-discord.service", import.meta.url), "utf8");
const NAME = "meetbot-discord.service";

/** The unit with a program and a user that every machine has, because systemd looks for them. */
async function unitFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "meetbot-unit-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, NAME);
  await writeFile(
    path,
    UNIT.replace("/usr/local/bin/meetbot-discord", process.execPath).replace(/^Documentation=.*\n/m, ""),
  );
  return path;
}

describe("the unit of systemd", () => {
  it.skipIf(missing("systemd-analyze"))("is one with which systemd finds nothing wrong", async () => {
    const said = execFileSync("systemd-analyze", ["verify", "--man=no", await unitFile()], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    expect(said).toBe("");
  });

  it.skipIf(missing("systemd-analyze"))("is hardened: systemd's exposure is at most 2.5 of 10", async () => {
    const path = await unitFile();
    // It fails over the threshold, which is in tenths.
    execFileSync("systemd-analyze", ["security", "--offline=true", "--threshold=25", path], { stdio: "ignore" });
  });

  it("lets workers outlive the service, and sets nothing that would end them or hide them from the next start", () => {
    const settings = new Map(
      UNIT.split("\n").flatMap((line) => (/^\w+=/.test(line) ? [line.split("=", 2) as [string, string]] : [])),
    );
    expect(settings.get("KillMode")).toBe("process");
    expect(settings.get("OOMPolicy")).toBe("continue");
    for (const name of ["DynamicUser", "PrivateTmp", "PrivatePIDs", "PrivateUsers", "ProcSubset", "RuntimeMaxSec"]) {
      expect(settings.has(name), name).toBe(false);
    }
    for (const name of ["MemoryMax", "CPUQuota", "MemoryDenyWriteExecute"])
      expect(settings.has(name), name).toBe(false);
  });
});
