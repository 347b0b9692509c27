import { createServer, type RequestListener } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { AttachmentFetch } from "../../../src/discord/chat/attachment-fetch.ts";

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  return `http://127.0.0.1:${address.port}`;
}

const signal = AbortSignal.timeout(10_000);

describe("fetching an attachment", () => {
  it("returns its bytes", async () => {
    const origin = await serve((_request, response) => response.end("hello"));
    const source = new AttachmentFetch(`${origin}/api`);
    expect((await source.fetch(`${origin}/attachments/1/2/a.txt`, 5, signal)).toString()).toBe("hello");
  });

  it.each([
    "http://cdn.discordapp.com/a",
    "https://cdn.discordapp.com.example.org/a",
    "http://127.0.0.1:1/a",
    "file:///etc/passwd",
  ])("contacts only Discord's host, and only over TLS: %s", async (url) => {
    await expect(new AttachmentFetch(undefined).fetch(url, 5, signal)).rejects.toThrow("not Discord's");
  });

  it("follows no redirect", async () => {
    let asked = 0;
    const origin = await serve((_request, response) => {
      asked += 1;
      response.writeHead(302, { location: "/elsewhere" }).end();
    });
    await expect(new AttachmentFetch(origin).fetch(`${origin}/a`, 5, signal)).rejects.toThrow();
    expect(asked).toBe(1);
  });

  it("accepts exactly the promised number of bytes", async () => {
    const endless = await serve((_request, response) => {
      const timer = setInterval(() => response.write(Buffer.alloc(65_536)), 1);
      response.on("close", () => clearInterval(timer));
    });
    const short = await serve((_request, response) => response.end("he"));
    await expect(new AttachmentFetch(endless).fetch(`${endless}/a`, 100_000, signal)).rejects.toThrow("longer than");
    await expect(new AttachmentFetch(short).fetch(`${short}/a`, 5, signal)).rejects.toThrow("only 2 of its 5 bytes");
  });

  it("names the status with which Discord refused it", async () => {
    const origin = await serve((_request, response) => response.writeHead(404).end("gone"));
    await expect(new AttachmentFetch(origin).fetch(`${origin}/a`, 5, signal)).rejects.toThrow("status 404");
  });
});
