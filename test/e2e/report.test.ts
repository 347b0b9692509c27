import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missing } from "../support/audio-programs.ts";
import { axeViolations, lagSamples, openBrowser, peakOf } from "../support/browser.ts";
import { tonePackets } from "../support/made-recording.ts";
import { message, openReport, PATIENCE, play, position, reportOf, untilHeard } from "../support/report-page.ts";

/** A tone of 100 Hz has a period of 480 samples, so that a shift of up to 5 ms either way can be measured. */
const TONE_HZ = 100;
const HALF_PERIOD_SAMPLES = 240;
const HOSTILE = '</script><script>globalThis.owned = 1</script><img src="x" onerror="globalThis.owned = 1">';

let browser: Browser;
const open = (url: string, options: BrowserContextOptions = {}) => openReport(browser, url, options);

describe.skipIf(missing("chromium") || missing("ffmpeg"))("a report in Chromium, opened from disk", () => {
  let duet: string;

  beforeAll(async () => {
    browser = await openBrowser();
    const tone = await tonePackets(TONE_HZ, 24);
    const startSample = 24_000;
    duet = await reportOf({
      durationMs: 30_000,
      speakers: [
        { name: "Ada", parts: [{ startSample, packets: tone }] },
        {
          name: HOSTILE,
          // The same packets in two files, which are cut up elsewhere than the first speaker's one.
          parts: [
            { startSample, packets: tone.slice(0, 333) },
            { startSample: startSample + 333 * 960, packets: tone.slice(333) },
          ],
          present: [{ fromMs: 400, toMs: 29_000 }],
        },
      ],
      channelName: HOSTILE,
      chat: [message(1, 1_000, "first"), message(2, 12_000, HOSTILE, HOSTILE), message(3, 20_000, "third")],
      gaps: [{ startMs: 26_000, endMs: 27_000, reason: "reconnect" }],
      warnings: [{ code: "test", text: HOSTILE }],
    });
  });

  afterAll(() => browser.close());

  it("plays, pauses and seeks with the keyboard only, and logs no error", async () => {
    const { page, complaints } = await open(duet);
    expect(await position(page)).toBe("0:00");
    await page.keyboard.press("Space");
    await expect.poll(() => position(page), PATIENCE).toBe("0:01");
    await page.keyboard.press("Space");
    await page.keyboard.press("Home");
    for (let step = 0; step < 3; step += 1) await page.keyboard.press("ArrowRight");
    expect(await position(page)).toBe("0:15");
    await page.keyboard.press("ArrowLeft");
    expect(await position(page)).toBe("0:10");
    await page.keyboard.press("End");
    expect(await position(page)).toBe("0:30");
    expect(complaints).toEqual([]);
  });

  it("plays two speakers who say the same at the same time in phase, across files and clips", async () => {
    const { page, rendered } = await open(duet);
    // From 5 s to 14 s: the second speaker's first file ends at 7.2 s, the first speaker's first clip at 10.5 s.
    await page.keyboard.press("ArrowRight");
    await play(page);
    await untilHeard(page, 110);
    const [ada = [], other = []] = await rendered();
    const onset = (samples: readonly number[]) => samples.findIndex((sample) => Math.abs(sample) > 0.01);
    expect(onset(ada)).toBeGreaterThan(0);
    expect(Math.abs(onset(ada) - onset(other))).toBeLessThan(HALF_PERIOD_SAMPLES);
    for (let second = 1; second <= 8; second += 1) {
      const from = onset(ada) + (second - 0.5) * 48_000;
      const stretch = (samples: readonly number[]) => samples.slice(from, from + 24_000);
      expect(peakOf(stretch(ada))).toBeGreaterThan(0.05);
      // 5 ms are 240 samples; nothing in the way from file to loudspeaker costs a single one.
      expect(Math.abs(lagSamples(stretch(ada), stretch(other), HALF_PERIOD_SAMPLES - 1))).toBeLessThanOrEqual(1);
    }
  });

  it("continues from any moment with everyone in sync", async () => {
    const { page, rendered } = await open(duet);
    await page.keyboard.press("ArrowRight");
    await play(page);
    await untilHeard(page, 20);
    await page.locator("canvas[role=img]").first().click();
    expect(await position(page)).toMatch(/^0:1[45]$/);
    await untilHeard(page, 20);
    const [ada = [], other = []] = (await rendered()).map((samples) => samples.slice(-24_000));
    expect(peakOf(ada)).toBeGreaterThan(0.05);
    expect(Math.abs(lagSamples(ada, other, HALF_PERIOD_SAMPLES - 1))).toBeLessThanOrEqual(1);
  });

  it("mutes a speaker, and can play only one", async () => {
    const { page, rendered } = await open(duet);
    await page.getByRole("button", { name: "Mute Ada" }).click();
    await page.keyboard.press("ArrowRight");
    await play(page);
    await untilHeard(page, 20);
    const [mutedAda = [], other = []] = await rendered();
    expect([peakOf(mutedAda), peakOf(other) > 0.05]).toEqual([0, true]);

    await page.getByRole("button", { name: "Mute Ada" }).click();
    await page.getByRole("button", { name: "Solo Ada" }).click();
    await untilHeard(page, 20);
    const [ada = [], silenced = []] = (await rendered()).map((samples) => samples.slice(-24_000));
    expect([peakOf(ada) > 0.05, peakOf(silenced) < 0.001]).toEqual([true, true]);
  });

  it("plays from a message's time when it is clicked, and marks the latest message", async () => {
    const { page, rendered } = await open(duet);
    await page.getByText("third").click();
    expect(await position(page)).toBe("0:20");
    expect(await page.locator("li[aria-current]").textContent()).toContain("third");
    await untilHeard(page, 20);
    expect(peakOf((await rendered())[0] ?? [])).toBeGreaterThan(0.05);
  });

  it("shows names, titles, messages and warnings as text, whatever they contain", async () => {
    const { page } = await open(duet);
    expect(await page.title()).toContain(HOSTILE);
    expect(await page.locator("h1").textContent()).toBe(HOSTILE);
    expect(await page.locator(".lane .speaker").allTextContents()).toEqual(["Ada", HOSTILE]);
    expect(await page.locator(".messages .author").allTextContents()).toEqual(["Ada", HOSTILE, "Ada"]);
    expect(await page.locator(".messages .text").allTextContents()).toEqual(["first", HOSTILE, "third"]);
    expect(await page.locator(".warnings").textContent()).toContain(HOSTILE);
    expect(await page.locator("img").count()).toBe(0);
    expect(await page.evaluate("globalThis.owned")).toBeUndefined();
  });

  it("says in words what is missing", async () => {
    const { page } = await open(duet);
    const text = await page.locator(".warnings").textContent();
    expect(text).toContain("Nothing was recorded from 0:26 to 0:27: the connection was lost.");
  });

  it.each<[string, BrowserContextOptions]>([
    ["on a desk, light", { viewport: { width: 1_400, height: 900 }, colorScheme: "light" }],
    ["on a desk, dark", { viewport: { width: 1_400, height: 900 }, colorScheme: "dark" }],
    ["on a phone, light", { viewport: { width: 390, height: 844 }, colorScheme: "light" }],
    ["on a phone, dark", { viewport: { width: 390, height: 844 }, colorScheme: "dark" }],
  ])("gives axe-core nothing to complain of, and never scrolls sideways: %s", async (_, options) => {
    const { page } = await open(duet, options);
    await page.getByRole("button", { name: "Solo Ada" }).click();
    expect(await axeViolations(page)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
  });
});

describe.skipIf(missing("chromium") || missing("ffmpeg"))("the report of four hours with ten speakers", () => {
  const HOURS_MS = 4 * 3_600_000;
  const EVERY_SECONDS = 120;
  const MESSAGES = 5_000;
  let url: string;

  beforeAll(async () => {
    browser = await openBrowser();
    const tone = await tonePackets(TONE_HZ, 1);
    const starts = Array.from({ length: HOURS_MS / 1_000 / EVERY_SECONDS }, (_, index) => index * EVERY_SECONDS);
    url = await reportOf({
      durationMs: HOURS_MS,
      speakers: Array.from({ length: 10 }, (_, index) => ({
        name: `Speaker ${index}`,
        parts: starts.map((second) => ({ startSample: (second + index) * 48_000, packets: tone })),
      })),
      chat: Array.from({ length: MESSAGES }, (_, index) =>
        message(index, (index * HOURS_MS) / MESSAGES, `message ${index}`),
      ),
    });
  });

  afterAll(() => browser.close());

  it("decodes nothing until it is played, and has few elements", async () => {
    const { page, complaints } = await open(url);
    expect(await page.locator("canvas[role=img]").count()).toBe(10);
    expect(await page.evaluate("globalThis.decoded")).toBe(0);
    // 16 clips share an element; what is seen of the chat is made, and the rest is not.
    expect(await page.evaluate("document.querySelectorAll('body *').length")).toBeLessThan(2_000);
    expect(complaints).toEqual([]);
  });

  it("decodes only nearby audio when played from the middle, and scrolls the chat there", async () => {
    const { page, rendered } = await open(url);
    await page.getByRole("slider", { name: "Position in the call" }).fill(String(HOURS_MS / 2));
    expect(await page.locator("li[aria-current]").textContent()).toContain(`message ${MESSAGES / 2}`);
    await play(page);
    await untilHeard(page, 30);
    expect(peakOf((await rendered())[0] ?? [])).toBeGreaterThan(0.05);
    expect(await page.evaluate("globalThis.decoded")).toBeLessThanOrEqual(12);
    expect(await page.evaluate("document.querySelectorAll('body *').length")).toBeLessThan(3_000);
  });
});
