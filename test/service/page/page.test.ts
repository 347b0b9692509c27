import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { serviceDocument } from "../../../src/service/api/api-document.ts";
import { serviceApi } from "../../support/service-api.ts";

const PAGE = { script: "globalThis.ran = 1;", style: "body { color: red }" };
const OWN = { "sec-fetch-site": "same-origin" };
const hashOf = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

it("The page runs only its own script, talks only to its service, and is shown in no frame.", async () => {
  const { ask } = await serviceApi({ page: PAGE });
  const { status, text, headers } = await ask("GET", "/?login=7KQ2-M9XD", { key: undefined });
  expect(status).toBe(200);
  expect(text).toContain(`<script>${PAGE.script}</script>`);
  expect(headers.get("content-security-policy")?.split("; ")).toEqual([
    "default-src 'none'",
    `script-src ${hashOf(PAGE.script)}`,
    `style-src ${hashOf(PAGE.style)}`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ]);
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  // What the address holds is none of the page's text.
  expect(text).not.toContain("7KQ2");
  const again = await ask("GET", "/", { key: undefined, headers: { "if-none-match": headers.get("etag") ?? "" } });
  expect([again.status, again.text]).toEqual([304, ""]);
});

it("The API's document does not have the page's own routes, and they do not exist if the page was not built.", async () => {
  const { ask } = await serviceApi({ page: PAGE });
  const { json } = await ask("GET", "/openapi.json");
  expect(json).toEqual(JSON.parse(JSON.stringify(await serviceDocument())));
  expect(Object.keys(json.paths).filter((path) => path === "/" || path.startsWith("/page"))).toEqual([]);
  const bare = await serviceApi();
  for (const path of ["/", "/page/jobs"]) expect(await bare.ask("GET", path)).toMatchObject({ status: 404 });
});

it("A key opens the page's routes only through a session.", async () => {
  const { ask } = await serviceApi({ page: PAGE });
  expect(await ask("GET", "/page/jobs", { headers: OWN })).toMatchObject({ status: 401 });
});

it("A report opens in an origin of its own, so that recorded words cannot act for whoever is signed in.", async () => {
  const { ask, create, live, store, state } = await serviceApi({ page: PAGE });
  const { json: job } = await create();
  const { headers: signedIn } = await ask("POST", "/page/session", {
    ...{ key: undefined, headers: OWN, body: { key: live.key } },
  });
  const headers = { ...OWN, cookie: signedIn.get("set-cookie")?.split(";")[0] ?? "" };
  const path = `/page/recordings/${job.id}/report`;
  expect(await ask("GET", path, { key: undefined, headers })).toMatchObject({ status: 404 });
  state.recordings.set(job.id, { recording: { manifest: {}, files: [] }, bytes: new Map() });
  const real = store.job.bind(store);
  store.job = async (...args) => {
    const row = await real(...args);
    return row && { ...row, manifestUri: "file:/x/manifest.json" };
  };
  const opened = await ask("GET", path, { key: undefined, headers });
  expect([opened.status, opened.text]).toEqual([200, "<!doctype html>"]);
  const policy = opened.headers.get("content-security-policy") ?? "";
  expect(policy).toMatch(/^sandbox /);
  expect(policy).not.toContain("allow-same-origin");
  expect(policy).not.toContain("allow-top-navigation");
  expect(opened.headers.get("content-disposition")).toBeNull();
});
