import { expect, it } from "vitest";
import { serviceDocument } from "../../../src/service/api/api-document.ts";
import { serviceApi } from "../../support/service-api.ts";

const DOCUMENTS: Readonly<Record<string, string>> = {
  "dist/llms.txt": "# meetbot-discord\n",
  "dist/llms-full.txt": "# all pages\n",
  "docs/guide/quickstart.md": "# Quickstart\n",
};

async function served() {
  const asked: string[] = [];
  const { ask, address } = await serviceApi({
    readDocument: async (path) => {
      asked.push(path);
      const text = DOCUMENTS[path];
      return text === undefined ? undefined : Buffer.from(text);
    },
  });
  return { get: (path: string, headers = {}) => ask("GET", path, { key: undefined, headers }), asked, address };
}

it.each([
  ["/llms.txt", "text/plain; charset=utf-8", "dist/llms.txt"],
  ["/llms-full.txt", "text/plain; charset=utf-8", "dist/llms-full.txt"],
  ["/docs/guide/quickstart.md", "text/markdown; charset=utf-8", "docs/guide/quickstart.md"],
])("%s needs no key and may be cached", async (path, type, document) => {
  const { get } = await served();
  const { status, headers, text } = await get(path);
  expect([status, headers.get("content-type"), text]).toEqual([200, type, DOCUMENTS[document]]);
  expect(headers.get("cache-control")).toBe("public, max-age=3600");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  const again = await get(path, { "if-none-match": headers.get("etag") ?? "" });
  expect([again.status, again.text]).toEqual([304, ""]);
});

it("A document is compressed for clients that take it, and is read once.", async () => {
  const { address, asked } = await served();
  const response = await fetch(`${address}/llms-full.txt`, { headers: { "accept-encoding": "gzip" } });
  expect(response.headers.get("content-encoding")).toBe("gzip");
  expect(await response.text()).toBe(DOCUMENTS["dist/llms-full.txt"]);
  const plain = await fetch(`${address}/llms-full.txt`, { headers: { "accept-encoding": "identity" } });
  expect([plain.headers.get("content-encoding"), plain.headers.get("vary")]).toEqual([null, "accept-encoding"]);
  expect(await plain.text()).toBe(DOCUMENTS["dist/llms-full.txt"]);
  expect(asked).toEqual(["dist/llms-full.txt"]);
});

it.each([
  "/docs/../package.json",
  "/docs/%2e%2e/package.json",
  "/docs/guide/..%2f..%2fservice.db",
  "/docs/guide%2f..%2f..%2fsealing.key",
  "/docs/a/b/c.md",
  "/docs/guide/quickstart.md%00",
  "/docs/",
  "/docs/nothing.md",
])("Nothing but pages is read: %s", async (path) => {
  const { get, asked } = await served();
  expect((await get(path)).status).toBe(404);
  expect(asked.filter((name) => name !== "docs/nothing.md")).toEqual([]);
});

it("The documents are not part of the API's own document.", async () => {
  const { get } = await served();
  expect((await get("/openapi.json")).json).toEqual(JSON.parse(JSON.stringify(await serviceDocument())));
});
