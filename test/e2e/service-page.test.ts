import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missing } from "../support/audio-programs.ts";
import { axeViolations, openBrowser } from "../support/browser.ts";
import { PATIENCE } from "../support/report-page.ts";
import { Served } from "../support/served.ts";
import { WebhookReceiver } from "../support/webhook-receiver.ts";

const DESK: BrowserContextOptions = { viewport: { width: 1_280, height: 900 } };
const PHONE: BrowserContextOptions = {
  ...{ viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true, colorScheme: "dark" },
};
const HOSTILE = "<img src=x onerror=globalThis.owned=1>";
const LONG = "Wolfeschlegelsteinhausenberger".repeat(3);
const ARABIC = "عبد الرحمن بن محمد";
const NAMES = { "Ada Okafor": HOSTILE, "Zoë Krüger": LONG, "健太 Kenta": ARABIC, "Stand-up": "W".repeat(100) };

let served: Served;
let browser: Browser;
let receiver: WebhookReceiver;
/** What pages complained of. The service's refusals are in the console too, and are what a test looks at. */
const complaints: string[] = [];

async function openPage(options: BrowserContextOptions = DESK, path = "/"): Promise<Page> {
  const page = await (await browser.newContext(options)).newPage();
  page.setDefaultTimeout(PATIENCE.timeout);
  page.on("pageerror", ({ message }) => complaints.push(message));
  page.on("console", (line) => {
    if (/Content Security Policy|Refused to/.test(line.text())) complaints.push(line.text());
  });
  await page.goto(`${served.address}${path}`);
  return page;
}

async function signedIn(options: BrowserContextOptions = DESK, key = served.key, path = "/"): Promise<Page> {
  const page = await openPage(options, path);
  await page.getByLabel("API key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("link", { name: "Recordings" }).waitFor();
  return page;
}

const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();
const says = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor();
const answer = (page: Page, name: string) =>
  page.getByRole("dialog").getByRole("button", { name, exact: true }).click();
/** The text of what has the focus. The page itself has it if nothing else does. */
const focused = (page: Page) => page.evaluate<string>("document.activeElement.textContent.slice(0, 40)");
/** A phone's browser makes the window as wide as what is in it, so the device's own width counts. */
const widthOf = (page: Page) => page.evaluate<number>("document.documentElement.scrollWidth");

describe.skipIf(missing("chromium"))("the page of the service", () => {
  beforeAll(async () => {
    [served, browser, receiver] = await Promise.all([
      Served.open({ name: "hostile", replaced: NAMES }),
      openBrowser(),
      WebhookReceiver.start(),
    ]);
  });
  afterAll(async () => {
    await Promise.all([browser.close(), served.close(), receiver.down()]);
  });

  it("dispatches a job, shows it live, controls it, and gives its recording until it is deleted", async () => {
    const page = await signedIn();
    await page.getByRole("link", { name: "New job" }).first().click();
    await page.getByLabel("Your own name for the job").fill("from-the-page");
    await page.getByText("More settings").click();
    await page.getByLabel("Leave if nobody speaks, after seconds").fill("soon");
    await page.getByLabel("Webhook for every event").fill(receiver.url);
    await press(page, "Dispatch");

    // The field says what it accepts, and has the focus.
    const wrong = page.getByLabel("Leave if nobody speaks, after seconds");
    await expect.poll(() => wrong.getAttribute("aria-invalid"), PATIENCE).toBe("true");
    expect(await page.evaluate("document.activeElement.id")).toBe(await wrong.getAttribute("id"));
    await says(page, "Expected a whole number of seconds from 0 to 86400.");
    await wrong.fill("600");
    await press(page, "Dispatch");

    await page.getByRole("heading", { name: "from-the-page" }).waitFor();
    await says(page, "Recording");
    await says(page, /^Leaves in (10:00|9:\d\d): nobody speaks$/);
    for (const name of [HOSTILE, LONG, ARABIC]) await page.getByRole("listitem").getByText(name).waitFor();
    expect(await page.evaluate("globalThis.owned")).toBeUndefined();

    await page.getByRole("link", { name: "Jobs", exact: true }).click();
    const card = page.getByRole("article", { name: "from-the-page" });
    await card.getByText(/^\d people there:/).waitFor();
    await card.getByRole("button", { name: "Pause", exact: true }).press("Enter");
    await card.getByText("Paused", { exact: true }).waitFor();
    expect(await focused(page)).toBe("Resume");
    await press(page, "Resume");
    await card.getByText("Recording", { exact: true }).waitFor();
    await card.getByRole("link", { name: "from-the-page" }).click();

    await page.getByLabel("Message to the channel").fill("hello");
    await press(page, "Send message");
    await says(page, "The message is posted.");
    await press(page, "Stop recording");
    await answer(page, "Stop recording");
    await says(page, "In the call, recording stopped");
    // A button that can do nothing is reached by keyboard, and says why.
    await page.getByRole("button", { name: "Pause", exact: true }).press("Enter");
    await says(page, /^The job is in the call, and recording was stopped; only a running recording can be paused\.$/);
    await press(page, "Leave");
    await answer(page, "No, go back");
    await page.getByRole("button", { name: "Leave", exact: true }).press("Enter");
    await page.getByRole("dialog").getByRole("button", { name: "Leave", exact: true }).press("Enter");
    await says(page, "Completed");
    // The buttons of a job that is over are gone, and the keyboard continues from its heading.
    await expect.poll(() => focused(page), PATIENCE).toBe("from-the-page");

    await page.getByText("job.finalized").waitFor({ state: "detached" });
    const delivery = page.getByRole("listitem").filter({ hasText: "job.status_changed completed" }).first();
    await delivery.getByText("Delivered").waitFor();
    await delivery.getByText("1 attempt, last: HTTP 200").click();
    await delivery.getByText(/"status": "completed"/).waitFor();
    const before = receiver.requests.length;
    await delivery.getByRole("button", { name: "Resend job.status_changed completed" }).click();
    await delivery.getByText("2 attempts, last: HTTP 200").waitFor();
    expect(receiver.requests.slice(before).map(({ envelope }) => envelope.data)).toMatchObject([
      { status: "completed" },
    ]);

    await page.getByRole("link", { name: "Recordings" }).click();
    const recording = page.getByRole("article", { name: "from-the-page" });
    await recording.getByText(LONG).waitFor();
    await recording.getByText(/\d+ s · \d+ kB/).waitFor();
    const opening = page.context().waitForEvent("page");
    await recording.getByRole("link", { name: "Open report of from-the-page in a new tab" }).click();
    const report = await opening;
    await report.getByRole("heading", { name: "W".repeat(100) }).waitFor();
    // The report is not of the service's origin: it can do nothing there.
    expect(await report.evaluate("origin")).toBe("null");
    await report.close();

    await recording.getByRole("link", { name: "Files of from-the-page" }).click();
    const downloading = page.waitForEvent("download");
    await page
      .getByRole("link", { name: /\.ogg$/ })
      .first()
      .click();
    const file = await readFile(await (await downloading).path());
    expect(file.toString("latin1", 0, 4)).toBe("OggS");
    await press(page, "Delete the recording from-the-page");
    await answer(page, "Delete");
    await says(page, /^The recording from-the-page is deleted: \d+ files\.$/);
    await says(page, "There are no recordings yet.");
    expect((await served.ask("GET", "/api/v1/recordings")).data).toEqual([]);

    await press(page, "Sign out");
    await says(page, "You are signed out.");
    await page.goBack();
    await page.getByLabel("API key").waitFor();
    expect(await page.evaluate("fetch('page/account').then(({ status }) => status)")).toBe(401);
    expect(complaints).toEqual([]);
    expect(await readFile("dist/LICENSES.txt", "utf8")).toMatch(/^preact \d/m);
    // docs/guide/service.md has its size.
    const bytes = await page.evaluate<number>(
      "fetch('./').then((answer) => answer.arrayBuffer()).then(({ byteLength }) => byteLength)",
    );
    expect(bytes).toBeLessThan(62_000);
    await page.context().close();
  });

  it.each([
    ["on a desk", DESK],
    ["on a phone, dark", PHONE],
  ])("axe-core finds no problem in any view, and nothing leaves the window: %s", async (name, options) => {
    const title = `axe-${options === DESK ? "desk" : "phone"}`;
    const job = await served.ask("POST", "/api/v1/jobs", { externalId: title, webhooks: { onStatus: receiver.url } });
    const soon = new Date(Date.now() + 3_600_000).toISOString();
    await served.ask("POST", "/api/v1/jobs", { externalId: `${title}-${"L".repeat(100)}`, joinAt: soon });
    const page = await openPage(options);
    const look = async (view: string): Promise<void> => {
      expect(await axeViolations(page), `${view} ${name}`).toEqual([]);
      expect(await widthOf(page), `${view} ${name}`).toBeLessThanOrEqual(page.viewportSize()?.width ?? 0);
    };
    await page.getByLabel("API key").fill("hello");
    await press(page, "Sign in");
    await says(page, "The service does not know this key, or it was revoked.");
    await look("sign in");
    await page.getByLabel("API key").fill(served.key);
    await press(page, "Sign in");
    await page
      .getByRole("article", { name: title, exact: true })
      .getByText(/^\d (people|person) there:/)
      .waitFor();
    await look("jobs");
    await page.getByRole("link", { name: title, exact: true }).click();
    await page.getByText("Delivered").first().waitFor();
    await look("job");
    await press(page, "Leave");
    await look("dialog");
    await answer(page, "Leave");
    await says(page, "Completed");
    await page.goto(`${served.address}/#/new`);
    await page.getByText("More settings").click();
    await page.getByLabel("Leave after seconds in any case").fill("soon");
    await press(page, "Dispatch");
    await says(page, "Some fields need another value; each says which.");
    await look("new job");
    await page.goto(`${served.address}/#/recordings`);
    await page.getByRole("article", { name: title, exact: true }).getByText(LONG).waitFor();
    await look("recordings");
    await page.goto(`${served.address}/#/recordings/${job.id}`);
    await page.getByRole("link", { name: "manifest.json" }).waitFor();
    await look("recording");
    await page.goto(`${served.address}/#/usage`);
    await page.getByRole("columnheader", { name: "Recorded" }).waitFor();
    await look("usage");
    const login = await served.ask("POST", "/api/v1/cli-auth/init");
    await page.goto(login.verificationUrl);
    await says(page, login.userCode);
    await page.getByText("It asks from").waitFor();
    await look("login");
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it("keeps the key where no script reads it, and does nothing for another page of the same host", async () => {
    const page = await signedIn();
    expect(await page.evaluate("[document.cookie, localStorage.length, sessionStorage.length]")).toEqual(["", 0, 0]);
    expect(await page.content()).not.toContain(served.key);
    const cookies = await page.context().cookies();
    expect(cookies).toMatchObject([{ name: "meetbot_session", httpOnly: true, sameSite: "Strict" }]);
    expect(JSON.stringify(cookies)).not.toContain(served.key);

    // Another port is the same site for a browser: it sends the cookie, whatever `SameSite` says.
    const asked: string[] = [];
    const foreign = createServer((request, response) => {
      asked.push(`${request.method} ${request.headers.cookie ?? ""}`);
      response.setHeader("content-type", "text/html").end("<!doctype html><title>foreign</title>");
    }).listen(0, "127.0.0.1");
    try {
      const soon = new Date(Date.now() + 3_600_000).toISOString();
      const job = await served.ask("POST", "/api/v1/jobs", { externalId: "aimed-at", joinAt: soon });
      const other = await page.context().newPage();
      await other.goto(`http://127.0.0.1:${(foreign.address() as AddressInfo).port}/`);
      expect(asked[0]).toMatch(/^GET meetbot_session=/);
      const sent = await other.evaluate<string[]>(`(async () => {
        const send = (path, method, body) => fetch("${served.address}" + path, {
          method, body, mode: "no-cors", credentials: "include",
        }).then(({ type }) => type, ({ name }) => name);
        return [
          await send("/api/v1/jobs/${job.id}/leave-call", "POST"),
          await send("/api/v1/jobs", "POST", JSON.stringify({ externalId: "forged" })),
          await send("/page/session", "POST", JSON.stringify({ key: "${served.key}" })),
          await fetch("${served.address}/api/v1/jobs", { credentials: "include" }).then(() => "read", () => "refused"),
        ];
      })()`);
      // The requests were sent, and their answers are not to be seen.
      expect(sent).toEqual(["opaque", "opaque", "opaque", "refused"]);
      expect((await served.ask("GET", "/api/v1/jobs?externalId=forged")).data).toEqual([]);
      expect(await served.ask("GET", `/api/v1/jobs/${job.id}`)).toMatchObject({ status: "scheduled", ending: null });
      // In its own page the same request has an effect.
      await page.goto(`${served.address}/#/jobs/${job.id}`);
      await press(page, "Cancel job");
      await answer(page, "Cancel job");
      await says(page, "Cancelled");
    } finally {
      foreign.closeAllConnections();
      foreign.close();
    }
    await page.context().close();
  });

  it("signs a command line in, and only if its code is confirmed", async () => {
    const login = await served.ask("POST", "/api/v1/cli-auth/init");
    const poll = () => served.ask("POST", `/api/v1/cli-auth/poll/${login.nonce}`);
    const path = login.verificationUrl.replace(served.address, "");
    expect(path).toBe(`/?login=${login.userCode}`);
    const page = await signedIn(DESK, served.key, path);
    await page.getByRole("heading", { name: "Sign in a command line?" }).waitFor();
    await says(page, login.userCode);
    await says(page, "node");
    expect(await poll()).toEqual({ status: "pending" });
    await press(page, "Yes, this is my command line");
    await says(page, "The command line is signed in. You can close this page.");
    expect(page.url()).toBe(`${served.address}/`);
    const { status, apiKey } = await poll();
    expect([status, apiKey.slice(0, 8)]).toEqual(["complete", "mb_test_"]);
    await page.goto(`${served.address}/?login=${login.userCode}`);
    await says(page, "No login waits with this code; it may have expired.");
    await press(page, "Go to the jobs");

    // Without the link, the code is typed.
    const typed = await served.ask("POST", "/api/v1/cli-auth/init");
    await page.getByRole("link", { name: "Usage" }).click();
    await page.getByLabel("Code that the command line shows").fill("no code");
    await press(page, "Look at the login");
    await says(page, "Enter the code that the command line shows, such as 7KQ2-M9XD.");
    await page.getByLabel("Code that the command line shows").fill(typed.userCode.replace("-", "").toLowerCase());
    await press(page, "Look at the login");
    await page.getByRole("heading", { name: "Sign in a command line?" }).waitFor();
    await press(page, "No, not mine");
    await says(page, "Nothing was confirmed. The code ends by itself.");
    await page.context().close();
  });

  it("says that the service cannot be reached, comes back with it, and asks for a key once its own is revoked", async () => {
    const made = await served.keys("create", "--consumer", LONG, "--mode", "test");
    const key = /mb_test_\w+/.exec(made)?.[0] ?? "";
    const page = await signedIn(PHONE, key);
    await says(page, "There are no jobs yet.");
    // A long name leaves room for what is next to it.
    const { height = 0 } = (await page.getByRole("button", { name: "Sign out" }).boundingBox()) ?? {};
    expect(height).toBeLessThan(50);
    const code = "rate_limited";
    const refusal = { error: code, code, message: "this key sends too many requests" };
    await page.route("**/page/jobs?**", (route) =>
      route.fulfill({ status: 429, headers: { "retry-after": "2" }, json: refusal }),
    );
    await page.reload();
    await says(page, "This key sends too many requests. Try again in 2 s.");
    await page.unroute("**/page/jobs?**");
    await says(page, "There are no jobs yet.");
    await served.stop();
    await says(page, /^The service does not answer\. What you see may be old\. Trying again in \d+ s\.$/);
    await served.start();
    await page.getByText("The service does not answer").waitFor({ state: "detached" });
    const create = { method: "POST", headers: { authorization: `Bearer ${key}`, "content-type": "application/json" } };
    await fetch(`${served.address}/api/v1/jobs`, { ...create, body: JSON.stringify({ externalId: "after-that" }) });
    await page.getByRole("article", { name: "after-that" }).waitFor();
    const [, id = ""] = new RegExp(`(key_\\w+).*${LONG.slice(0, 20)}`).exec(await served.keys("ls")) ?? [];
    await served.keys("revoke", id);
    await says(page, /^Your session is over: you signed out in another tab, or the key was revoked\./);
    await page.getByLabel("API key").fill(key);
    await press(page, "Sign in");
    await says(page, "The service does not know this key, or it was revoked.");
    expect(complaints).toEqual([]);
  });
});
