import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { readFixture } from "../../src/fixture/read-fixture.ts";
import { startLoopback } from "../../src/loopback/loopback.ts";
import { openBrowser } from "../support/browser.ts";
import { WORKER_ARGUMENTS } from "../support/shipped-worker.ts";
import { ENDED, TmuxTerminal } from "../support/tmux.ts";
import { runCommand } from "../support/worker.ts";
import { terminalPage } from "./terminal-page.ts";

/**
 * Makes the pictures of the documents: the real worker records the stand-up in a real terminal, which is photographed, and so is
 * the report of that recording. Needs tmux and Chromium, and fonts for the names (fonts-vlgothic, fonts-noto-color-emoji).
 */

const JOB_ID = "standup";
const COLUMNS = 104;
const ROWS = 20;
/** A time in the stand-up when all are there and two speak at once. */
const SPEAKING_AT = "0:2";

const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** @returns the screen in the midst of the call, with colours, and the job's folder */
async function record(workDir: string): Promise<{ screen: string; directory: string }> {
  const fixture = await readFixture(fileURLToPath(new URL("../fixtures/standup", import.meta.url)));
  const loopback = await startLoopback({ fixture, workDir });
  const command = [process.execPath, ...WORKER_ARGUMENTS, "record"].map((word) => `'${word}'`).join(" ");
  const terminal = await TmuxTerminal.open({
    columns: COLUMNS,
    rows: ROWS,
    command,
    environment: {
      ...loopback.environment,
      MEETBOT_JOB_ID: JOB_ID,
      MEETBOT_STORAGE_URI: `file:${join(workDir, "recordings")}`,
      MEETBOT_SPOOL_DIR: join(workDir, "spool"),
      MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS: "2",
    },
  });
  try {
    await terminal.until((screen) => screen.includes(`recording  ${SPEAKING_AT}`) && screen.split("● ━").length > 2);
    const screen = await terminal.screen("colours");
    await terminal.until((text) => text.includes(`${ENDED} 0`));
    return { screen, directory: join(workDir, "recordings", JOB_ID) };
  } finally {
    await terminal.close();
    await loopback.close();
  }
}

async function photographTerminal(browser: Browser, screen: string): Promise<void> {
  const page = await browser.newPage({ deviceScaleFactor: 1.5 });
  await page.setContent(terminalPage(screen));
  await page.locator("pre").screenshot({ path: pathOf("live-view.png") });
  await page.close();
}

async function photographReport(browser: Browser, url: string, name: string, as: BrowserContextOptions): Promise<void> {
  const page = await browser.newPage(as);
  await page.goto(url);
  await page.locator("canvas[role=img]").last().waitFor();
  for (let second = 0; second < 15; second += 5) await page.keyboard.press("ArrowRight");
  await page.screenshot({ path: pathOf(name) });
  await page.close();
}

const workDir = await mkdtemp(join(tmpdir(), "meetbot-pictures-"));
const browser = await openBrowser();
try {
  const { screen, directory } = await record(workDir);
  await photographTerminal(browser, screen);
  const { exitCode, stderr } = await runCommand(["report", directory], {});
  if (exitCode !== 0) throw new Error(stderr);
  const url = pathToFileURL(join(directory, "report.html")).href;
  await photographReport(browser, url, "report.png", { viewport: { width: 1_200, height: 900 }, colorScheme: "light" });
  await photographReport(browser, url, "report-phone.png", {
    viewport: { width: 390, height: 844 },
    colorScheme: "dark",
    deviceScaleFactor: 2,
    isMobile: true,
    hasTouch: true,
  });
} finally {
  await browser.close();
  await rm(workDir, { recursive: true, force: true });
}
