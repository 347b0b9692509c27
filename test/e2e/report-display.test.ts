import { readFile } from "node:fs/promises";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missing } from "../support/audio-programs.ts";
import { axeViolations, openBrowser } from "../support/browser.ts";
import { tonePackets } from "../support/made-recording.ts";
import { message, openReport, reportOf } from "../support/report-page.ts";

const LONG = "Wolfeschlegelsteinhausenbergerdorff".repeat(3);
const ARABIC = "عبد الرحمن بن محمد";
const NAMES = ["Ada", LONG, ARABIC, "👨‍👩‍👧‍👦 Family 🏳️‍🌈", "W".repeat(32)];
const DESK: BrowserContextOptions = { viewport: { width: 1_400, height: 900 } };
const PHONE: BrowserContextOptions = { viewport: { width: 360, height: 780 }, isMobile: true, hasTouch: true };
const HOSTILE_TEXT = "[click](javascript:globalThis.owned=1) <img src=x onerror=globalThis.owned=1> **bold**";

let browser: Browser;
const open = (url: string, options: BrowserContextOptions = DESK) => openReport(browser, url, options);

/** Elements of the page that reach out of their card, or out of the window. */
const overflowing = (page: Page) =>
  page.evaluate<
    string[]
  >(`[...document.querySelectorAll("main section *:not(pre *, thead, thead *), .transport *")].filter((each) => {
    const card = (each.closest("section") ?? document.body).getBoundingClientRect();
    const { left, right, width } = each.getBoundingClientRect();
    return width > 0 && (right > Math.min(card.right, innerWidth) + 1 || left < card.left - 1);
  }).map((each) => each.outerHTML.slice(0, 120))`);

describe.skipIf(missing("chromium") || missing("ffmpeg"))(
  "a report of 25 people with long and right-to-left names",
  () => {
    let url: string;

    beforeAll(async () => {
      browser = await openBrowser();
      const packets = await tonePackets(200, 1);
      url = await reportOf({
        durationMs: 300_000,
        speakers: Array.from({ length: 25 }, (_, index) => ({
          name: NAMES[index] ?? `Speaker ${index}`,
          parts: [{ startSample: index * 48_000, packets }],
          present: Array.from({ length: index === 3 ? 40 : 1 }, (_each, time) => ({
            fromMs: time * 7_000,
            toMs: time * 7_000 + 5_000,
          })),
        })),
        chat: NAMES.map((name, index) =>
          message(index, index * 1_000, "x".repeat(200), name, { editedAt: "2026-01-01T12:00:09.000Z" }),
        ),
      });
    });

    afterAll(() => browser.close());

    it.each([
      ["on a desk", DESK],
      ["on a phone", PHONE],
      ["on a phone, dark", { ...PHONE, colorScheme: "dark" as const }],
    ])("fits everything into its cards, and axe-core finds no problem: %s", async (_, options) => {
      const { page, complaints } = await open(url, options);
      expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
      expect(await overflowing(page)).toEqual([]);
      expect(await axeViolations(page)).toEqual([]);
      expect(complaints).toEqual([]);
      // Nobody has many times the room of the others, however often they came and went.
      const heights = await page.evaluate<number[]>(
        "[...document.querySelectorAll('tbody tr')].map((row) => row.offsetHeight)",
      );
      expect(heights).toHaveLength(25);
      expect(Math.max(...heights)).toBeLessThan(4 * Math.min(...heights));
    });

    it("gives names most of their column, aligns them at one edge, and has the full name as title", async () => {
      const { page } = await open(url);
      const names = page.locator(".lane .speaker");
      expect(await names.nth(1).getAttribute("title")).toBe(LONG);
      const widths = await page.evaluate<[number, number]>(
        "['.speaker', '.who'].map((selector) => document.querySelector('.lanes li ' + selector).offsetWidth)",
      );
      expect(widths[0] / widths[1]).toBeGreaterThan(0.8);
      const starts = await page.evaluate<number[]>(`[...document.querySelectorAll(".lane .speaker")].map((name) => {
      const range = document.createRange();
      range.selectNodeContents(name);
      return Math.round(range.getBoundingClientRect().left);
    })`);
      // The Arabic name fits, and begins where the others do.
      expect(Math.abs((starts[2] ?? 0) - (starts[0] ?? 0))).toBeLessThan(2);
    });

    it("shows the full name to keyboard users, in the lanes and in the chat", async () => {
      const { page } = await open(url);
      const hidden = (selector: string, index: number) =>
        page.evaluate<number>(
          `(({ scrollWidth, clientWidth, scrollHeight, clientHeight }) =>
            Math.max(scrollWidth - clientWidth, scrollHeight - clientHeight))(document.querySelectorAll("${selector}")[${index}])`,
        );
      for (const [name, control] of [
        [".lane .speaker", page.locator(".lane .toggle").nth(2)],
        [".head .author", page.locator(".head .time").nth(1)],
      ] as const) {
        expect(await hidden(name, 1)).toBeGreaterThan(5);
        // From the control before: what a key focuses is shown as focused.
        await control.focus();
        await page.keyboard.press("Shift+Tab");
        await page.keyboard.press("Tab");
        expect(await hidden(name, 1)).toBeLessThanOrEqual(1);
      }
    });

    it("keeps the time axis visible below all lanes", async () => {
      const { page } = await open(url);
      await page
        .locator(".lane")
        .nth(20)
        .evaluate((lane) => lane.scrollIntoView());
      const { y = -1 } = (await page.locator("canvas.ruler").boundingBox()) ?? {};
      expect(y).toBeGreaterThanOrEqual(0);
      expect(y).toBeLessThan(10);
    });
  },
);

describe.skipIf(missing("chromium"))("an empty report", () => {
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser.close());

  it.each([
    ["on a desk", DESK],
    ["on a phone", PHONE],
  ])("says why it is empty, and has no axis, legend, table or player: %s", async (_, options) => {
    const url = await reportOf({
      durationMs: 65_000,
      speakers: [],
      manifest: { exitReason: "nobody_joined", exitDetail: "no person joined within 60 s of the bot connecting" },
    });
    const { page, complaints } = await open(url, options);
    expect(await page.locator(".empty p").textContent()).toBe("Nobody joined the call, so there is nothing to hear.");
    for (const selector of ["canvas", ".legend", "table", ".transport"]) {
      expect(await page.locator(selector).count()).toBe(0);
    }
    expect(await page.locator(".statistics").textContent()).toContain("No person joined within 60 s");
    expect(await axeViolations(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it("names the people who were present and said nothing", async () => {
    const url = await reportOf({
      durationMs: 65_000,
      speakers: [{ name: "Ada", parts: [] }],
      manifest: { speakers: [] },
    });
    const { page } = await open(url);
    expect(await page.locator(".empty p").textContent()).toBe("1 person was in the call and did not speak.");
    expect(await page.locator("table th").allTextContents()).toEqual(["Name", "In the call", "Ada"]);
  });
});

describe.skipIf(missing("chromium") || missing("ffmpeg"))("the chat of a report", () => {
  const deletion = (id: string) => ({
    ...{ type: "message.delete" as const, id, channelId: "3" },
    ...{ at: "2026-01-01T12:00:00.000Z", offsetMs: 8_000 },
  });
  const chat = [
    message(1, 1_000, "**bold** ||the *butler* did it|| [words](https://example.org/a) <@200000000000000000>"),
    message(2, 2_000, HOSTILE_TEXT),
    message(3, 3_000, "my password is hunter2", "Zoë"),
    message(4, 4_000, "why?", "Kenta", { replyToId: "300000000000000003" }),
    message(5, 5_000, "who did it?", "Kenta", { replyToId: "300000000000000001" }),
    deletion("300000000000000003"),
    ...Array.from({ length: 300 }, (_, index) =>
      message(10 + index, 10_000 + index * 100, index % 100 === 0 ? `Needle ${index}` : `hay ${index}`),
    ),
  ];
  const recording = async () => ({
    durationMs: 60_000,
    speakers: [{ name: "Ada", parts: [{ startSample: 0, packets: await tonePackets(200, 1) }] }],
    chat,
  });
  let url: string;

  beforeAll(async () => {
    browser = await openBrowser();
    url = await reportOf(await recording());
  });
  afterAll(() => browser.close());

  it("shows formatting, and links that reveal nothing to the other side; a stranger's markup stays text", async () => {
    const { page, complaints } = await open(url);
    const first = page.locator(".messages li").first();
    expect(await first.locator("strong").textContent()).toBe("bold");
    expect(await first.locator(".mention").textContent()).toBe("@Ada");
    const link = first.locator("a");
    expect(await link.getAttribute("href")).toBe("https://example.org/a");
    expect(await link.getAttribute("rel")).toContain("noopener");
    expect(await first.textContent()).toContain("words (example.org)");
    const hostile = page.locator(".messages li").nth(1);
    expect(await hostile.textContent()).toContain("[click](javascript:globalThis.owned=1) <img src=x");
    expect(await page.locator(".messages img").count()).toBe(0);
    expect(await page.locator("a[href^='javascript']").count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it("keeps a spoiler's text out of the page until it is opened, in a quote too", async () => {
    const { page } = await open(url);
    expect(await page.locator("#report").textContent()).not.toContain("butler");
    await page.getByRole("button", { name: "show spoiler" }).click();
    expect(await page.locator(".spoiler-shown").textContent()).toBe("the butler did it");
    // Asking for it goes nowhere in the call.
    expect(await page.locator(".position").textContent()).toBe("0:00");
  });

  it("says that a message was deleted without its text, which the file does not contain", async () => {
    const { page } = await open(url);
    const deleted = page.locator(".messages li.deleted");
    expect(await deleted.textContent()).toBe("Zoëdeleted at 0:080:03deleted message");
    expect(await page.locator(".messages li").nth(3).locator(".quote").textContent()).toBe("↪ Zoë: deleted message");
    expect(await page.content()).not.toContain("hunter2");
  });

  it("shows the text of deleted messages if the report was made with that option", async () => {
    const { page } = await open(await reportOf(await recording(), ["--show-deleted"]));
    expect(await page.locator(".messages li.deleted .text").textContent()).toBe("my password is hunter2");
  });

  it("can be searched by keyboard: filter, count, next and previous match", async () => {
    const { page, complaints } = await open(url);
    await page.keyboard.press("/");
    await page.keyboard.type("needle");
    const count = page.locator(".search [role=status]");
    expect(await count.textContent()).toBe("3 found");
    expect(await page.locator(".messages li .text").allTextContents()).toEqual([
      "Needle 0",
      "Needle 100",
      "Needle 200",
    ]);
    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");
    expect(await count.textContent()).toBe("2 of 3");
    expect(await page.locator(".position").textContent()).toBe("0:20");
    expect(await page.locator("li[aria-current]").textContent()).toContain("Needle 100");
    await page.keyboard.press("Shift+Enter");
    expect(await count.textContent()).toBe("1 of 3");
    expect(await axeViolations(page)).toEqual([]);
    await page.getByRole("searchbox").fill("nothing like it");
    expect(await page.locator(".messages").textContent()).toBe("No message has these words.");
    await page.keyboard.press("Escape");
    expect(await page.locator(".messages li").count()).toBeGreaterThan(3);
    expect(complaints).toEqual([]);
  });

  it("finds people by their names, and nothing in a deleted message", async () => {
    const { page } = await open(url);
    await page.getByRole("searchbox").fill("zoë");
    expect(await page.locator(".search [role=status]").textContent()).toBe("1 found");
    await page.getByRole("searchbox").fill("hunter2");
    expect(await page.locator(".search [role=status]").textContent()).toBe("0 found");
  });

  it("can be saved as text, and links to the recording's files", async () => {
    const { page } = await open(url);
    const saving = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save the chat as text" }).click();
    const text = await readFile(await (await saving).path(), "utf8");
    expect(text.split("\n")[2]).toBe("[0:03] Zoë: (deleted message)");
    expect(text.split("\n")).toHaveLength(305);
    const links = await page.locator(".files a").evaluateAll((all) => all.map((link) => link.getAttribute("href")));
    expect(links).toEqual(["./manifest.json", "./events.jsonl", "./chat.jsonl", "./audio.200000000000000000.ogg"]);
    const manifest = await page.goto(new URL("manifest.json", url).href);
    expect((await manifest?.text()) ?? "").toContain("job_made");
  });

  it("names its time zone, the same at the top and at the bottom", async () => {
    const { page } = await open(url, { ...DESK, timezoneId: "Asia/Tokyo" });
    expect(await page.locator("header").textContent()).toContain("1 January 2026 at 21:00 GMT+9");
    const statistics = (await page.locator(".statistics").textContent()) ?? "";
    expect(statistics).toContain("Started1 January 2026 at 21:00 GMT+9");
    expect(statistics).toContain("Ended1 January 2026 at 21:01 GMT+9");
    expect(statistics).not.toContain("UTC");
  });
});
