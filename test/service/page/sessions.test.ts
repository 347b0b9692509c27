import { describe, expect, it } from "vitest";
import { hashOfKey } from "../../../src/service/domain/key-format.ts";
import { type AskOptions, type ServiceOptions, serviceApi } from "../../support/service-api.ts";

const PAGE = { script: "globalThis.ran = 1;", style: "body { color: red }" };
/** As browsers send it over HTTPS and to localhost. */
const OWN = { "sec-fetch-site": "same-origin" };

async function servicePage(options: ServiceOptions = {}) {
  const api = await serviceApi({ page: PAGE, ...options });
  const signIn = (key: string, headers: Readonly<Record<string, string>> = OWN) =>
    api.ask("POST", "/page/session", { key: undefined, body: { key }, headers });
  /** @returns a `Cookie` header */
  const cookieOf = async (key: string): Promise<string> => {
    const { headers } = await signIn(key);
    return headers.get("set-cookie")?.split(";")[0] ?? "";
  };
  const as = async (cookie: string, method: string, path: string, asked: AskOptions = {}) =>
    await api.ask(method, path, { key: undefined, ...asked, headers: { ...OWN, cookie, ...asked.headers } });
  return { ...api, signIn, cookieOf, as };
}

describe("signing in", () => {
  it("gives a cookie that no script reads and no other site sends, and the store has only its hash", async () => {
    const { signIn, live, store } = await servicePage();
    const { status, text, headers } = await signIn(live.key);
    expect([status, text]).toEqual([204, ""]);
    const cookie = headers.get("set-cookie") ?? "";
    const [, token = ""] = /^meetbot_session=([\w-]{43}); /.exec(cookie) ?? [];
    expect(cookie.replace(token, "…")).toBe("meetbot_session=…; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict");
    expect(cookie).not.toContain(live.key.slice(8));
    expect(await store.keyOfSession(hashOfKey(token), Date.now())).toMatchObject({ id: live.row.id });
    expect(await store.keyOfSession(token, Date.now())).toBeUndefined();
  });

  it("gives a cookie for HTTPS only, if the page came over it", async () => {
    const { signIn, live } = await servicePage();
    const { headers } = await signIn(live.key, { ...OWN, origin: "https://calls.example.org" });
    expect(headers.get("set-cookie")).toMatch(/^__Host-meetbot_session=[\w-]{43}; Path=\/; .*; Secure$/);
  });

  it("takes no cookie of the short name where the page is public over HTTPS: another host may have set it", async () => {
    const { cookieOf, live, as } = await servicePage({ publicUrl: "https://calls.example.org" });
    const cookie = await cookieOf(live.key);
    expect(cookie).toMatch(/^__Host-/);
    expect(await as(cookie, "GET", "/page/account")).toMatchObject({ status: 200 });
    expect(await as(cookie.replace("__Host-", ""), "GET", "/page/account")).toMatchObject({ status: 401 });
  });

  it.each(["mb_live_00000000000000000000000000000000000000", "hello", "x".repeat(300), ""])(
    "refuses anything but a key, and does not repeat it: %s",
    async (key) => {
      const { signIn } = await servicePage();
      const { status, text, headers } = await signIn(key);
      expect([400, 401]).toContain(status);
      expect(headers.get("set-cookie")).toBeNull();
      if (key !== "") expect(text).not.toContain(key);
    },
  );

  it("refuses a revoked key", async () => {
    const { signIn, live, store } = await servicePage();
    await store.revokeKey(live.row.id, 1);
    expect(await signIn(live.key)).toMatchObject({ status: 401 });
  });
});

describe("a session", () => {
  it("asks the API as its key does, and shows whose it is without the key", async () => {
    const { cookieOf, test, as } = await servicePage();
    const cookie = await cookieOf(test.key);
    const { json, text } = await as(cookie, "GET", "/page/account");
    expect(json).toMatchObject({ name: "Ada's school", key: { mode: "test" }, fixtures: ["standup"] });
    expect(text).not.toContain(test.key);
    const body = { externalId: "from-the-page" };
    expect(await as(cookie, "POST", "/api/v1/jobs", { body })).toMatchObject({ status: 201 });
    const { json: jobs } = await as(cookie, "GET", "/page/jobs");
    expect(jobs.data).toMatchObject([{ externalId: "from-the-page", obstacles: { cancel: null } }]);
  });

  it("ends with its key, and at once", async () => {
    const { cookieOf, live, as, store } = await servicePage();
    const cookie = await cookieOf(live.key);
    await store.revokeKey(live.row.id, 1);
    for (const path of ["/page/account", "/page/jobs", "/page/events", "/api/v1/jobs"]) {
      expect(await as(cookie, "GET", path)).toMatchObject({ status: 401 });
    }
  });

  it("ends when somebody signs out, and no other session does", async () => {
    const { cookieOf, live, as } = await servicePage();
    const [cookie, other] = [await cookieOf(live.key), await cookieOf(live.key)];
    const { status, headers } = await as(cookie, "DELETE", "/page/session");
    expect(status).toBe(204);
    expect(headers.get("set-cookie")).toContain("meetbot_session=; Path=/; Max-Age=0;");
    expect(await as(cookie, "GET", "/api/v1/jobs")).toMatchObject({ status: 401 });
    expect(await as(other, "GET", "/api/v1/jobs")).toMatchObject({ status: 200 });
  });

  it("ends when the same browser signs in again", async () => {
    const { cookieOf, live, test, signIn, as } = await servicePage();
    const cookie = await cookieOf(live.key);
    expect(await signIn(test.key, { ...OWN, cookie })).toMatchObject({ status: 204 });
    expect(await as(cookie, "GET", "/page/account")).toMatchObject({ status: 401 });
  });

  it("does not count next to a key that a client sends", async () => {
    const { cookieOf, live, test, as } = await servicePage();
    const cookie = await cookieOf(live.key);
    const { json } = await as(cookie, "GET", "/api/v1/consumer", { headers: { authorization: `Bearer ${test.key}` } });
    expect(json.key.mode).toBe("test");
    const wrong = { headers: { authorization: "Bearer mb_live_x" } };
    expect(await as(cookie, "GET", "/api/v1/consumer", wrong)).toMatchObject({ status: 401 });
  });
});

describe("another page", () => {
  const FOREIGN: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ["another site, as new browsers say", { "sec-fetch-site": "cross-site" }],
    ["another port of this host, which gets the cookie too", { "sec-fetch-site": "same-site" }],
    ["a form that was opened by itself", { "sec-fetch-site": "none" }],
    ["another origin, over plain HTTP", { "sec-fetch-site": "", origin: "http://127.0.0.1:1" }],
    ["a sandboxed page", { "sec-fetch-site": "", origin: "null" }],
    ["a client without these headers", { "sec-fetch-site": "" }],
  ];

  it.each(FOREIGN)("changes nothing with the cookie: %s", async (_, from) => {
    const { cookieOf, live, ask, create } = await servicePage();
    const { json: job } = await create();
    const cookie = await cookieOf(live.key);
    const headers = Object.fromEntries(Object.entries({ ...from, cookie }).filter(([, value]) => value !== ""));
    const attempts = [
      ["POST", "/api/v1/jobs", { externalId: "a", meetingUrl: "discord://923456789012345678/923456789012345678" }],
      ["DELETE", `/api/v1/jobs/${job.id}`, undefined],
      ["POST", `/api/v1/jobs/${job.id}/leave-call`, undefined],
      ["POST", "/api/v1/cli-auth/complete", { userCode: "0000-0000" }],
    ] as const;
    for (const [method, path, body] of attempts) {
      const asked = { key: undefined, headers, ...(body === undefined ? {} : { body }) };
      expect(await ask(method, path, asked), path).toMatchObject({ status: 401 });
    }
    expect(await ask("POST", "/page/session", { key: undefined, headers, body: { key: live.key } })).toMatchObject({
      status: 401,
    });
    expect(await ask("DELETE", "/page/session", { key: undefined, headers })).toMatchObject({ status: 401 });
    const { json: jobs } = await ask("GET", "/api/v1/jobs");
    expect(jobs.data).toMatchObject([{ id: job.id, status: "queued", ending: null }]);
  });

  it("reads nothing with the cookie from another port of this host", async () => {
    const { cookieOf, live, as } = await servicePage();
    const cookie = await cookieOf(live.key);
    for (const path of ["/page/account", "/page/events", "/api/v1/jobs"]) {
      expect(await as(cookie, "GET", path, { headers: { "sec-fetch-site": "same-site" } })).toMatchObject({
        status: 401,
      });
    }
  });

  it("is not what a browser without `Sec-Fetch-Site` opens, or a page at the public address", async () => {
    const { cookieOf, live, ask, address } = await servicePage({ publicUrl: "http://calls.example.org" });
    const cookie = await cookieOf(live.key);
    const asked = (headers: Readonly<Record<string, string>>) => ({ key: undefined, headers: { cookie, ...headers } });
    expect(await ask("GET", "/page/account", asked({}))).toMatchObject({ status: 200 });
    for (const origin of [address, "http://calls.example.org"]) {
      const body = { userCode: "0000-0000" };
      const { status } = await ask("POST", "/api/v1/cli-auth/complete", { ...asked({ origin }), body });
      expect(status).toBe(404);
    }
  });
});
