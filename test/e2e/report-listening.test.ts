import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missing } from "../support/audio-programs.ts";
import { openBrowser, peakOf } from "../support/browser.ts";
import { tonePackets } from "../support/made-recording.ts";
import { message, openReport, PATIENCE, play, position, reportOf, untilHeard } from "../support/report-page.ts";

const TONE_HZ = 200;
const RATE = 48_000;

let browser: Browser;
const open = (url: string, options: BrowserContextOptions = {}) => openReport(browser, url, options);

/** How far playing has come, in milliseconds. */
const placeMs = async (page: Page) =>
  Number(await page.getByRole("slider", { name: "Position in the call" }).inputValue());

/** Passages through zero from below, a second. */
function frequencyOf(samples: readonly number[]): number {
  const crossings = samples.filter((sample, index) => index > 0 && (samples[index - 1] ?? 0) < 0 && sample >= 0);
  return (crossings.length * RATE) / samples.length;
}

describe.skipIf(missing("chromium") || missing("ffmpeg"))("listening to a report", () => {
  let url: string;

  beforeAll(async () => {
    browser = await openBrowser();
    const tone = await tonePackets(TONE_HZ, 20);
    url = await reportOf({
      durationMs: 300_000,
      speakers: [
        {
          name: "Ada",
          parts: [
            { startSample: 0, packets: tone },
            { startSample: 200 * RATE, packets: tone },
          ],
        },
        { name: "Kenta", parts: [{ startSample: 100 * RATE, packets: tone }] },
      ],
      chat: [message(1, 1_000, "first"), message(2, 230_000, "later")],
    });
  });

  afterAll(() => browser.close());

  it("at twice the speed takes half the time and keeps the pitch", async () => {
    const { page, rendered, complaints } = await open(url);
    await page.getByRole("combobox", { name: "Speed" }).selectOption("2");
    await play(page);
    await untilHeard(page, 60);
    // The clock of the sound and the place in the call are read at once.
    const pairs = async () =>
      [await page.evaluate<number>("globalThis.listener.context.currentTime"), await placeMs(page)] as const;
    const earlier = await pairs();
    await untilHeard(page, 30);
    const later = await pairs();
    const rate = (later[1] - earlier[1]) / 1_000 / (later[0] - earlier[0]);
    expect(rate).toBeGreaterThan(1.6);
    expect(rate).toBeLessThan(2.4);
    const heard = ((await rendered())[0] ?? []).slice(-48_000);
    expect(peakOf(heard)).toBeGreaterThan(0.05);
    expect(Math.abs(frequencyOf(heard) / TONE_HZ - 1)).toBeLessThan(0.05);
    expect(complaints).toEqual([]);
  });

  it("at a lower volume is quieter by that factor", async () => {
    const { page, rendered } = await open(url);
    await play(page);
    await untilHeard(page, 20);
    const loud = peakOf(((await rendered())[0] ?? []).slice(-24_000));
    await page.getByRole("slider", { name: "Volume" }).fill("25");
    await untilHeard(page, 20);
    const soft = peakOf(((await rendered())[0] ?? []).slice(-24_000));
    expect(soft / loud).toBeGreaterThan(0.2);
    expect(soft / loud).toBeLessThan(0.3);
  });

  it("skips silence, and the speech of muted people", async () => {
    const { page, rendered } = await open(`${url}#t=0:25`);
    await page.getByRole("checkbox", { name: "skip silence" }).check();
    await page.getByRole("button", { name: "Mute Kenta" }).click();
    await play(page);
    await expect.poll(() => placeMs(page), PATIENCE).toBeGreaterThan(199_000);
    await untilHeard(page, 20);
    expect(peakOf(((await rendered())[0] ?? []).slice(-24_000))).toBeGreaterThan(0.05);
    expect(await placeMs(page)).toBeLessThan(220_000);
    // After the last word there is only the end.
    await page.goto(`${url}#t=3:45`);
    await expect.poll(() => position(page), PATIENCE).toBe("5:00");
    await expect.poll(() => page.locator(".transport").getAttribute("data-state"), PATIENCE).toBe("paused");
  });

  it("begins at the moment that a link names, and makes such links", async () => {
    const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"] });
    const page = await context.newPage();
    await page.goto(`${url}#t=00:03:50`);
    expect(await position(page)).toBe("3:50");
    expect(await page.locator("li[aria-current]").textContent()).toContain("later");
    await page.keyboard.press("ArrowRight");
    await page.getByRole("button", { name: "Copy link to this moment" }).click();
    await expect.poll(() => page.locator(".status").textContent(), PATIENCE).toBe("link to 3:55 copied");
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe(`${url}#t=00:03:55`);
    expect(page.url()).toBe(`${url}#t=00:03:55`);
    await page.goto(`${url}#t=nonsense`);
    expect(await position(page)).toBe("3:55");
    await page.goto(`${url}#t=99:00:00`);
    expect(await position(page)).toBe("5:00");
  });

  it("shows the link in the address bar if the browser blocks the clipboard", async () => {
    const { page } = await open(`${url}#t=1:40`);
    await page.evaluate("navigator.clipboard.writeText = () => Promise.reject(new Error('no'))");
    await page.keyboard.press("l");
    await expect.poll(() => page.locator(".status").textContent(), PATIENCE).toContain("address bar");
    expect(page.url()).toBe(`${url}#t=00:01:40`);
  });

  it("plays from where a lane is clicked, even if it was paused", async () => {
    const { page, rendered } = await open(url);
    const lane = page.locator("canvas[role=img]").first();
    const { width = 0 } = (await lane.boundingBox()) ?? {};
    await lane.click({ position: { x: width * 0.7, y: 20 } });
    await expect.poll(() => page.locator(".transport").getAttribute("data-state"), PATIENCE).toBe("playing");
    await untilHeard(page, 10);
    expect(await position(page)).toMatch(/^3:3/);
    expect(peakOf((await rendered())[0] ?? [])).toBeGreaterThan(0.05);
  });
});

describe.skipIf(missing("chromium") || missing("ffmpeg"))("the keys of a report", () => {
  let url: string;

  beforeAll(async () => {
    browser = await openBrowser();
    const packets = await tonePackets(TONE_HZ, 1);
    url = await reportOf({
      durationMs: 60_000,
      speakers: [{ name: "Ada", parts: [{ startSample: 0, packets }] }],
      chat: [message(1, 20_000, "first", "Ada"), message(2, 30_000, "```\ncode\n```")],
    });
  });

  afterAll(() => browser.close());

  it("go to the start and to the end wherever the focus is, except in a text field", async () => {
    const { page } = await open(url);
    const focusable = await page.locator("button, select, input, summary, a, [tabindex='0']").all();
    expect(focusable.length).toBeGreaterThan(15);
    for (const element of focusable) {
      if (!(await element.isVisible()) || !(await element.isEnabled())) continue;
      if ((await element.getAttribute("type")) === "search") continue;
      await element.focus();
      await page.keyboard.press("End");
      expect([await element.evaluate((node) => node.outerHTML), await position(page)]).toContain("1:00");
      await page.keyboard.press("Home");
      expect([await element.evaluate((node) => node.outerHTML), await position(page)]).toContain("0:00");
    }
    await page.keyboard.press("End");
    await page.getByRole("searchbox").focus();
    await page.keyboard.type("k s");
    await page.keyboard.press("Home");
    expect(await position(page)).toBe("1:00");
  });

  it("are all listed in a window that ? opens and Escape closes, and they work", async () => {
    const { page } = await open(url);
    await page.keyboard.press("?");
    const list = page.getByRole("dialog", { name: "Keyboard" });
    expect((await list.locator("kbd").allTextContents()).join(" ")).toBe("Space, K > < ] [ S ← → Home End + − 0 / L ?");
    await page.keyboard.press("End");
    expect(await position(page)).toBe("0:00");
    await page.keyboard.press("Escape");
    expect(await list.isVisible()).toBe(false);
    await page.keyboard.press(">");
    await page.keyboard.press(">");
    await page.keyboard.press("<");
    expect(await page.getByRole("combobox", { name: "Speed" }).inputValue()).toBe("1.25");
    await page.keyboard.press("[");
    expect(await page.getByRole("slider", { name: "Volume" }).inputValue()).toBe("90");
    await page.keyboard.press("s");
    expect(await page.getByRole("checkbox", { name: "skip silence" }).isChecked()).toBe(true);
    expect(await page.locator(".status").textContent()).toBe("silence is skipped");
  });

  it("reach every control, and show where the focus is", async () => {
    const { page } = await open(url);
    const names: string[] = [];
    const outlines: string[] = [];
    for (let step = 0; step < 40; step += 1) {
      await page.keyboard.press("Tab");
      const [name, outline] = await page.evaluate<[string, string]>(
        "[document.activeElement.ariaLabel ?? document.activeElement.textContent, getComputedStyle(document.activeElement).outlineStyle]",
      );
      if (names.includes("Keyboard shortcuts") && step > 5) break;
      names.push(name);
      outlines.push(outline);
    }
    expect(names).toEqual(
      expect.arrayContaining([
        "Zoom in",
        "Solo Ada",
        "Mute Ada",
        "Search in chat",
        "Play from 0:20",
        "Speed",
        "Volume",
        "Play",
      ]),
    );
    expect(new Set(outlines)).toEqual(new Set(["solid"]));
  });
});
