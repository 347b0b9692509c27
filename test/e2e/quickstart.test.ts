import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { writeFixture } from "../../src/fixture/write-fixture.ts";
import { missing } from "../support/audio-programs.ts";
import { freePorts } from "../support/free-ports.ts";
import { person, toneCall } from "../support/tone-call.ts";

const run = promisify(execFile);
const PAGE = "docs/guide/quickstart.md";

/** The page's blocks of one language, with ports that are free and without what a person copies. */
async function blocksOf(language: string, replaced: Readonly<Record<string, string>>): Promise<string[]> {
  const page = Object.entries(replaced).reduce(
    (text, [from, to]) => text.replaceAll(from, to),
    await readFile(PAGE, "utf8"),
  );
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"))].map(([, block = ""]) => block);
}

/** A folder of a person who has installed the package, and an environment in which it is a command. */
async function workplace() {
  const folder = await mkdtemp(join(tmpdir(), "meetbot-quickstart-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, "node_modules/.bin"), { recursive: true });
  await symlink(resolve("."), join(folder, "node_modules/meetbot-discord"));
  const command = `#!/bin/sh\nexec "${process.execPath}" "${resolve("dist/cli/main.js")}" "$@"\n`;
  await writeFile(join(folder, "node_modules/.bin/meetbot-discord"), command, { mode: 0o700 });
  // A call that is shorter than the example.
  await writeFixture(
    join(folder, "calls/short"),
    toneCall([{ user: person(1), speaksFromMs: 200, packetCount: 100, leavesAtMs: 2_500 }]),
  );
  const PATH = [join(folder, "node_modules/.bin"), dirname(process.execPath), process.env.PATH].join(delimiter);
  const env = { PATH, HOME: folder, MEETBOT_SERVICE_FIXTURES_DIR: join(folder, "calls"), NO_COLOR: "1" };
  return { folder, env };
}

test.skipIf(missing("curl"))(
  "The quickstart works as it is written: service, webhook, recording, download.",
  { timeout: 120_000 },
  async () => {
    const { folder, env } = await workplace();
    const [servicePort = 0, hookPort = 0] = await freePorts(2);
    const ports = { "8080": String(servicePort), "4242": String(hookPort) };
    const [serve = "", ...lines] = await blocksOf("sh", ports);
    const service = spawn("sh", ["-c", `exec env ${serve}`], {
      ...{ cwd: folder, env: { ...env, MEETBOT_SERVICE_PORT: String(servicePort) } },
      stdio: ["ignore", "pipe", "ignore"],
    });
    const ended = once(service, "exit");
    onTestFinished(async () => {
      service.kill("SIGTERM");
      await ended;
    });
    const said: string[] = [];
    let shown: readonly string[] = [];
    for await (const line of createInterface({ input: service.stdout })) {
      said.push(line);
      shown = [/mb_test_\w+/, /whsec_\S+/, /http:\/\/127[\d.:]+/].flatMap(
        (form) => form.exec(said.join("\n"))?.[0] ?? [],
      );
      if (shown.length === 3) break;
    }
    const [key = "", secret = "", address = ""] = shown;
    expect(address).toContain(String(servicePort));

    const [hook = "", record = ""] = await blocksOf("js", ports);
    await writeFile(join(folder, "hook.mjs"), hook);
    await writeFile(join(folder, "record.mjs"), record);
    const script = lines.join("").replace("mb_test_…", key).replace("whsec_…", secret);
    // As a shell does when its terminal is closed.
    const { stdout } = await run("sh", ["-c", `${script}\nkill $!`], { cwd: folder, env });
    const printed = stdout.split("\n");
    for (const status of ["joining", "in_call", "recording", "finalizing", "completed"]) {
      expect(printed).toContain(`now ${status}`);
    }
    expect(printed).toContain("verified webhook: job.status_changed");
    const [, bytes = ""] = /^\d+ speakers; audio\.\d+\.ogg has (\d+) bytes$/m.exec(stdout) ?? [];
    const [track = ""] = (await readdir(folder)).filter((name) => name.endsWith(".ogg"));
    const audio = await readFile(join(folder, track));
    expect([audio.subarray(0, 4).toString(), audio.length]).toEqual(["OggS", Number(bytes)]);
    expect(stdout).toMatch(/\{"data":\[\{"id":"job_\w+","externalId":"my-first-call"/);
  },
);
