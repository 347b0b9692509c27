import { createHmac } from "node:crypto";
import { createContext, Script } from "node:vm";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import { serviceApi } from "../support/service-api.ts";

/** What every world with `fetch` has: browsers, Deno, Bun, workers at the edge. Nothing of Node's own. */
const WORLD = {
  ...{ fetch, Headers, Request, Response, URL, URLSearchParams, AbortController, AbortSignal, ReadableStream },
  ...{ TextEncoder, TextDecoder, crypto: { getRandomValues: crypto.getRandomValues.bind(crypto) } },
  ...{ setTimeout, clearTimeout, performance: { now: () => performance.now() } },
};

async function bundled(): Promise<string> {
  const result = await build({
    ...{ entryPoints: ["src/sdk/index.ts"], bundle: true, write: false, logLevel: "silent" },
    ...{ platform: "browser", format: "iife", globalName: "sdk", target: "es2022" },
  });
  return result.outputFiles[0]?.text ?? "";
}

describe("the SDK as one file for browsers", () => {
  test("works where there is only fetch and what belongs to it", async () => {
    const { address, test: key } = await serviceApi();
    const context = createContext({ ...WORLD, address, apiKey: key.key });
    new Script(await bundled()).runInContext(context);
    const job = await new Script(`
      (async () => {
        const meetbot = sdk.createMeetbot({ apiKey, baseUrl: address });
        const { id } = await meetbot.dispatchBot({ externalId: "from a browser".replaceAll(" ", "-") });
        return await meetbot.getJob(id);
      })()
    `).runInContext(context);
    expect(job).toMatchObject({ externalId: "from-a-browser", status: "queued" });
    const header = `sha256=${createHmac("sha256", "whsec_x").update("body").digest("hex")}`;
    const verify = new Script("(webhook) => sdk.verifyWebhookSignature(webhook)").runInContext(context);
    expect(verify({ body: "body", header, secret: "whsec_x" })).toBe(true);
    expect(verify({ body: Buffer.from("body"), header, secret: "whsec_x" })).toBe(true);
    expect(verify({ body: "other", header, secret: "whsec_x" })).toBe(false);
    const missing = new Script("try { new sdk.MeetBot({ baseUrl: address }) } catch (error) { error.message }");
    expect(missing.runInContext(context)).toMatch(/^apiKey: missing/);
  });

  test("holds nothing of Node's", async () => {
    const text = await bundled();
    expect(text).not.toMatch(/\brequire\(|["']node:|\bBuffer\b/);
    expect(text.length).toBeLessThan(60_000);
  });
});
