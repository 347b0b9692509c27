import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openExistingData } from "../../src/compose/service-data.ts";
import { type SharedLink, SharedLinks } from "../../src/service/shared-link/shared-links.ts";
import { missing } from "../support/audio-programs.ts";
import { axeViolations, openBrowser } from "../support/browser.ts";
import { PATIENCE } from "../support/report-page.ts";
import { Served } from "../support/served.ts";

const run = promisify(execFile);
const DESK: BrowserContextOptions = { viewport: { width: 1_280, height: 900 } };
const PHONE: BrowserContextOptions = {
  ...{ viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true, colorScheme: "dark" },
};
const HOSTILE = "<img src=x onerror=globalThis.owned=1>";
const NAMES = { "Ada Okafor": HOSTILE, "Zoë Krüger": "W".repeat(90), "Stand-up": "L".repeat(100) };

let served: Served;
let browser: Browser;
let jobId: string;
/** What pages complained of, and addresses of other hosts that they asked. */
const complaints: string[] = [];

async function openPage(url: string, options: BrowserContextOptions = DESK): Promise<Page> {
  const page = await (await browser.newContext(options)).newPage();
  page.setDefaultTimeout(PATIENCE.timeout);
  page.on("pageerror", ({ message }) => complaints.push(message));
  page.on("console", (line) => {
    if (/Content Security Policy|Refused to/.test(line.text())) complaints.push(line.text());
  });
  page.on("request", (request) => {
    if (!/^(data:|blob:)/.test(request.url()) && !request.url().startsWith(served.address))
      complaints.push(request.url());
  });
  await page.goto(url);
  return page;
}

/** Makes links in the service's database, as commands in Discord do. */
async function withLinks<Result>(work: (links: SharedLinks) => Promise<Result>): Promise<Result> {
  const data = await openExistingData({
    dataDirectory: served.dataDirectory,
    database: undefined,
    sealingKey: undefined,
  });
  const clock = { now: () => Date.now() };
  const publicUrl = () => served.address;
  try {
    return await work(
      new SharedLinks({ store: data.store, keys: data.linkKeys, clock, random: randomBytes, publicUrl }),
    );
  } finally {
    await data.store.close();
  }
}

const makeLink = (madeFor: string, more: object = {}): Promise<SharedLink> =>
  withLinks((links) => links.make({ jobId, guildId: null, madeFor, mayDelete: true, ...more }));

async function until(is: (job: { readonly status: string; readonly manifestUri: string | null }) => boolean) {
  while (!is(await served.ask("GET", `/api/v1/jobs/${jobId}`))) await sleep(100);
}

const press = (page: Page, name: string | RegExp) => page.getByRole("button", { name, exact: true }).click();
const widthOf = (page: Page) => page.evaluate<number>("document.documentElement.scrollWidth");

async function expectAccessible(page: Page, view: string): Promise<void> {
  expect(await axeViolations(page), view).toEqual([]);
  expect(await widthOf(page), view).toBeLessThanOrEqual(page.viewportSize()?.width ?? 0);
}

/** Clicks a link, and returns what the browser saves. */
async function download(page: Page, name: RegExp): Promise<{ readonly path: string; readonly name: string }> {
  const downloading = page.waitForEvent("download");
  await page.getByRole("link", { name }).first().click();
  const saved = await downloading;
  return { path: await saved.path(), name: saved.suggestedFilename() };
}

async function ffprobe(path: string): Promise<{ readonly format_name: string; readonly duration: string }> {
  const { stdout } = await run("ffprobe", ["-v", "error", "-of", "json", "-show_format", path]);
  return JSON.parse(stdout).format;
}

describe.skipIf(missing("chromium") || missing("ffprobe"))("the page of a link", () => {
  beforeAll(async () => {
    [served, browser] = await Promise.all([Served.open({ name: "hostile", replaced: NAMES }), openBrowser()]);
    const job = await served.ask("POST", "/api/v1/jobs", { autoLeave: { afterSoloSeconds: 1 } });
    jobId = job.id;
    // The call takes a while, and a part of it is enough.
    await until(({ status }) => status === "recording");
    await sleep(3_000);
    await served.ask("POST", `/api/v1/jobs/${jobId}/note`, { text: "decided: **Friday**", author: HOSTILE });
    await sleep(1_000);
    await served.ask("POST", `/api/v1/jobs/${jobId}/leave-call`);
    await until(({ status, manifestUri }) => status === "completed" && manifestUri !== null);
  });
  afterAll(async () => {
    await Promise.all([browser.close(), served.close()]);
  });

  it("plays the recording, gives every download, and survives a restart", async () => {
    const { url } = await makeLink("user:1");
    const page = await openPage(url);
    await page.getByRole("heading", { name: "L".repeat(100) }).waitFor();
    await page.getByText(HOSTILE).first().waitFor();
    expect(await page.evaluate("globalThis.owned")).toBeUndefined();
    expect(await page.title()).toContain("L".repeat(100));

    const opening = page.context().waitForEvent("page");
    await page.getByRole("link", { name: "Open the report" }).click();
    const report = await opening;
    expect(await report.evaluate("origin")).toBe("null");
    expect(await report.evaluate("document.referrer")).toBe("");
    await report.getByRole("button", { name: /^Play/ }).first().click();
    await report
      .getByRole("button", { name: /^Pause/ })
      .first()
      .waitFor();
    const note = report.getByRole("listitem").filter({ hasText: "decided: Friday" });
    await note.getByText("note", { exact: true }).waitFor();
    await note.getByRole("button", { name: /^Play from 0:0\d$/ }).click();
    const original = await download(report, /^manifest\.json$/);
    expect(JSON.parse(await readFile(original.path, "utf8")).jobId).toBe(jobId);
    await report.close();

    await press(page, "Prepare: Mix");
    const mix = await download(page, /-mix\.(mp3|wav)$/);
    expect(mix.name).toMatch(/^L+-\d{4}-\d\d-\d\d-mix\.(mp3|wav)$/);
    expect((await ffprobe(mix.path)).format_name).toMatch(/mp3|wav/);
    expect(Number((await ffprobe(mix.path)).duration)).toBeGreaterThan(3);

    await served.stop();
    await served.start();
    await page.reload();
    await page.getByRole("link", { name: /-mix\.(mp3|wav)$/ }).waitFor();
    for (const name of ["Each speaker's file", "Audacity project", "Captions without words"]) {
      await press(page, `Prepare: ${name}`);
    }
    const track = await download(page, /^[AB]-.*\.(flac|wav)$/);
    expect((await ffprobe(track.path)).format_name).toMatch(/flac|wav/);
    const captions = await download(page, /\.srt$/);
    expect(await readFile(captions.path, "utf8")).toMatch(/^1\r?\n00:00:/);
    const project = await download(page, /-audacity\.zip$/);
    const { stdout } = await run("python3", ["-m", "zipfile", "-l", project.path]);
    expect(stdout).toMatch(/labels\.txt[\s\S]*session\.lof/);
    await expectAccessible(page, "with all downloads");
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it.each([
    ["on a desk", DESK],
    ["on a phone, dark", PHONE],
  ])("has no problem that axe-core finds, and fits the window: %s", async (view, options) => {
    const { url } = await makeLink("user:1");
    const page = await openPage(url, options);
    await page.getByRole("link", { name: "Open the report" }).waitFor();
    await expectAccessible(page, view);
    await press(page, "Delete the recording");
    await page.getByRole("dialog").waitFor();
    await expectAccessible(page, `dialog ${view}`);
    await page.getByRole("dialog").getByRole("button", { name: "No, go back" }).click();
    await page.goto(`${served.address}/s/${"A".repeat(64)}`);
    await page.getByRole("heading", { name: "There is no such link" }).waitFor();
    await expectAccessible(page, `unknown ${view}`);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it("shows who may not delete nothing to delete with, and deletes for who may, after a question", async () => {
    const reading = await openPage((await makeLink("channel:1", { mayDelete: false })).url, PHONE);
    await reading.getByRole("link", { name: "Open the report" }).waitFor();
    expect(await reading.getByRole("button", { name: "Delete the recording" }).count()).toBe(0);
    const revoked = await makeLink("user:9");
    await withLinks((links) => links.revoke(revoked.id));
    await reading.goto(revoked.url);
    await reading.getByRole("heading", { name: "This link was revoked" }).waitFor();
    await reading.context().close();

    const { url } = await makeLink("user:1");
    const page = await openPage(url);
    await press(page, "Delete the recording");
    await page.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByRole("heading", { name: "The recording is deleted" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "This recording was deleted" }).waitFor();
    expect(existsSync(join(served.dataDirectory, "downloads", jobId))).toBe(false);
    expect(existsSync(join(served.dataDirectory, "recordings", jobId))).toBe(false);
    expect(complaints).toEqual([]);
  });
});
