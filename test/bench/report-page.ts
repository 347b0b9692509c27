import { stat } from "node:fs/promises";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { openBrowser } from "../support/browser.ts";
import { makeRecording, tonePackets } from "../support/made-recording.ts";
import { runCommand } from "../support/worker.ts";

/**
 * How long the report of a long call takes to be made, and to be used in Chromium: four hours, ten speakers, each of
 * whom speaks for 8 s of every minute.
 */

const ROUNDS = 3;
const CALL_SECONDS = 4 * 3_600;
const SPEAKERS = 10;
const SPURT_SECONDS = 8;

async function makeReport(): Promise<string> {
  const packets = await tonePackets(440, SPURT_SECONDS);
  const directory = await makeRecording({
    durationMs: CALL_SECONDS * 1_000,
    speakers: Array.from({ length: SPEAKERS }, (_, speaker) => ({
      name: `Speaker ${speaker}`,
      parts: Array.from({ length: CALL_SECONDS / 60 }, (_, minute) => ({
        startSample: (minute * 60 + speaker * 5) * 48_000,
        packets,
      })),
    })),
  });
  const begin = performance.now();
  const { exitCode, stderr } = await runCommand(["report", directory], {});
  if (exitCode !== 0) throw new Error(stderr);
  const path = join(directory, "report.html");
  const seconds = (performance.now() - begin) / 1_000;
  process.stdout.write(`made in ${seconds.toFixed(0)} s, ${((await stat(path)).size / 1_000_000).toFixed(0)} MB\n`);
  return path;
}

/** Milliseconds from opening the page until all lanes are drawn, until it plays, and until the browser has read it. */
async function openReport(browser: Browser, path: string): Promise<[drawn: number, plays: number, whole: number]> {
  const page = await (await browser.newContext()).newPage();
  const begin = performance.now();
  const passed = () => Math.round(performance.now() - begin);
  await page.goto(pathToFileURL(path).href, { waitUntil: "commit" });
  await page.locator("canvas[role=img]").last().waitFor();
  await page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))");
  const drawn = passed();
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await page.locator(".transport[data-state=playing]").waitFor();
  const plays = passed();
  await page.waitForLoadState("domcontentloaded");
  const whole = passed();
  await page.context().close();
  return [drawn, plays, whole];
}

const path = await makeReport();
const browser = await openBrowser();
for (let round = 0; round < ROUNDS; round += 1) {
  const [drawn, plays, whole] = await openReport(browser, path);
  process.stdout.write(`drawn after ${drawn} ms, plays after ${plays} ms, read whole after ${whole} ms\n`);
}
await browser.close();
