import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { REST } from "@discordjs/rest";
import { expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../src/compose/system-clock.ts";
import { boundRequests, restOptions } from "../../src/discord/bounded-rest.ts";

/** A client of a server that answers each request like this, and how many requests came. */
async function clientOf(answer: (response: ServerResponse) => void) {
  let requests = 0;
  const server = createServer((_, response) => {
    requests += 1;
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const rest = new REST(restOptions(`http://127.0.0.1:${port}/api`)).setToken("token");
  onTestFinished(() => {
    rest.clearHashSweeper();
    rest.clearHandlerSweeper();
  });
  boundRequests(rest, systemClock);
  return {
    get: (signal?: AbortSignal) => rest.get("/gateway/bot", signal === undefined ? {} : { signal }),
    requests: () => requests,
  };
}

it.each(["soon", "Mon, 30 Nov 2026 12:00:00 GMT"])(
  "gives up after a rate limit of %s, which it cannot read",
  async (time) => {
    const client = await clientOf((response) => response.writeHead(429, { "retry-after": time }).end());
    await expect(client.get()).rejects.toThrow("may be asked, for a time that it does not say");
    expect(client.requests()).toBe(1);
  },
);

it.each([{}, { "retry-after": "0" }])("pauses after a rate limit that says no time: %j", async (headers) => {
  const client = await clientOf((response) => response.writeHead(429, headers).end());
  await expect(client.get(AbortSignal.timeout(2_500))).rejects.toThrow();
  expect(client.requests()).toBeGreaterThan(0);
  // Without the pause they are more than a hundred.
  expect(client.requests()).toBeLessThan(5);
});

it("stops reading an answer without an end", async () => {
  const piece = Buffer.alloc(1 << 20, " ");
  let sentBytes = 0;
  const client = await clientOf((response) => {
    response.writeHead(200, { "content-type": "application/json" });
    const pour = (): void => {
      while (!response.destroyed) {
        sentBytes += piece.length;
        if (!response.write(piece)) return;
      }
    };
    response.on("drain", pour);
    pour();
  });
  await expect(client.get()).rejects.toMatchObject({ code: "UND_ERR_RES_EXCEEDED_MAX_SIZE" });
  // Some of it is in the buffers of the system.
  expect(sentBytes).toBeLessThan(64 << 20);
});
