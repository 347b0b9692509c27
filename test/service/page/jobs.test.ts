import { describe, expect, it } from "vitest";
import { serviceApi } from "../../support/service-api.ts";

const OWN = { "sec-fetch-site": "same-origin" };

/** A page of a test key, and how it asks. */
async function page() {
  const api = await serviceApi({ page: { script: "", style: "" } });
  const signIn = await api.ask("POST", "/page/session", { key: undefined, headers: OWN, body: { key: api.test.key } });
  const headers = { ...OWN, cookie: signIn.headers.get("set-cookie")?.split(";")[0] ?? "" };
  const get = (path: string) => api.ask("GET", path, { key: undefined, headers });
  const plan = async (externalId: string) => {
    const joinAt = new Date(Date.now() + 3_600_000).toISOString();
    const { json } = await api.ask("POST", "/api/v1/jobs", { key: api.test.key, body: { externalId, joinAt } });
    return json.id as string;
  };
  return { ...api, get, plan };
}

describe("the page's jobs", () => {
  it("come in pages, newest first, and only those of the key's own mode", async () => {
    const { get, plan, create } = await page();
    const ids: string[] = [];
    for (let number = 0; number < 5; number += 1) ids.push(await plan(`planned-${number}`));
    await create({ externalId: "of-the-live-key" });
    const first = await get("/page/jobs?limit=3");
    const second = await get(`/page/jobs?limit=3&cursor=${first.json.nextCursor}`);
    expect([...first.json.data, ...second.json.data].map(({ id }) => id)).toEqual(ids.toReversed());
    expect(second.json.nextCursor).toBeNull();
    expect(await get("/page/jobs?limit=0")).toMatchObject({ status: 400 });
    expect(await get("/page/jobs?show=everything")).toMatchObject({ status: 400 });
  });

  it("are filtered by what is live, or by one status, and say why they ended", async () => {
    const { get, plan, store, ask, test } = await page();
    await plan("planned");
    const failed = await plan("missed");
    await store.applyJobEvent(failed, { type: "missed", at: Date.now(), detail: "nobody could start it" });
    const { json: queued } = await ask("POST", "/api/v1/jobs", { key: test.key, body: { externalId: "now" } });
    const names = async (show: string) =>
      (await get(`/page/jobs?show=${show}`)).json.data.map(({ externalId }: { externalId: string }) => externalId);
    expect(await names("all")).toEqual(["now", "missed", "planned"]);
    expect(await names("live")).toEqual(["now"]);
    expect(await names("failed")).toEqual(["missed"]);
    expect((await get(`/page/jobs/${failed}`)).json).toMatchObject({ end: "nobody could start it" });
    expect((await get(`/page/jobs/${queued.id}`)).json).toMatchObject({ end: null });
  });

  it("are those of the key only", async () => {
    const { get, create } = await page();
    const { json: other } = await create();
    expect(await get(`/page/jobs/${other.id}`)).toMatchObject({ status: 404 });
  });
});

describe("a login on the page", () => {
  it("is shown with who asks, and not once it is confirmed", async () => {
    const { get, ask, test } = await page();
    const { json: login } = await ask("POST", "/api/v1/cli-auth/init", {
      key: undefined,
      headers: { "user-agent": `meetbot-cli/1.0 ${"x".repeat(300)}` },
    });
    const { json } = await get(`/page/logins/${login.userCode}`);
    expect(json).toMatchObject({ userCode: login.userCode, address: "127.0.0.1", expiresAt: login.expiresAt });
    expect(json.client).toMatch(/^meetbot-cli\/1\.0 x+…$/);
    expect(json.client).toHaveLength(100);
    await ask("POST", "/api/v1/cli-auth/complete", { key: test.key, body: { userCode: login.userCode } });
    expect(await get(`/page/logins/${login.userCode}`)).toMatchObject({ status: 404 });
    expect(await get("/page/logins/nothing")).toMatchObject({ status: 400 });
  });
});
