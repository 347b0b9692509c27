import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { expect } from "vitest";
import { listenIn, type Rendered } from "./browser.ts";
import { chatMessage } from "./chat-message.ts";
import { type MadeRecording, makeRecording } from "./made-recording.ts";
import { runCommand } from "./worker.ts";

/** Time limit on a busy machine. */
export const PATIENCE = { timeout: 60_000, interval: 20 };

/** @returns the address of a made recording's report, made by the worker's own command */
export async function reportOf(made: MadeRecording, options: readonly string[] = []): Promise<string> {
  const directory = await makeRecording(made);
  const { exitCode, stderr } = await runCommand(["report", directory, ...options], {});
  expect(stderr).toBe("");
  expect(exitCode).toBe(0);
  return pathToFileURL(join(directory, "report.html")).href;
}

export interface OpenPage {
  readonly page: Page;
  readonly rendered: () => Promise<Rendered>;
  /** Errors and warnings of the page. */
  readonly complaints: string[];
}

export async function openReport(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  const page = await (await browser.newContext(options)).newPage();
  const complaints: string[] = [];
  page.on("console", (line) => {
    // The old ScriptProcessorNode is used because it works in a page that may load nothing.
    if (!line.text().includes("ScriptProcessorNode is deprecated")) complaints.push(line.text());
  });
  page.on("pageerror", ({ message: text }) => complaints.push(text));
  const rendered = await listenIn(page);
  await page.goto(url);
  return { page, rendered, complaints };
}

export const message = (index: number, offsetMs: number, content: string, displayName = "Ada", more = {}) => ({
  ...chatMessage(
    { id: String(300_000_000_000_000_000n + BigInt(index)), channelId: "3" },
    { id: "200000000000000000", username: "ada", displayName, bot: false },
    { content, ...more },
  ),
  at: "2026-01-01T12:00:00.000Z",
  offsetMs,
});

export const play = (page: Page) => page.getByRole("button", { name: "Play", exact: true }).click();
export const position = (page: Page) => page.locator(".position").textContent();

/** Waits for so many blocks of 4,096 samples. It polls, because the page's policy forbids to wait inside the page. */
export async function untilHeard(page: Page, moreBlocks: number): Promise<void> {
  const blocks = (): Promise<number> => page.evaluate("globalThis.rendered[0].length");
  const before = await blocks();
  await expect.poll(blocks, PATIENCE).toBeGreaterThan(before + moreBlocks);
}
