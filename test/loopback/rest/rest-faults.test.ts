import { describe, expect, it } from "vitest";
import type { Loopback } from "../../../src/loopback/loopback.ts";
import { testLoopback } from "../../support/test-loopback.ts";
import { TEXT_CHANNEL_ID } from "../../support/tone-call.ts";

const get = (loopback: Loopback, path: string, token = loopback.token) =>
  fetch(`${loopback.restUrl}/v10${path}`, { headers: { authorization: `Bot ${token}` } });
const MESSAGES = `/channels/${TEXT_CHANNEL_ID}/messages`;

describe("requests of the bot", () => {
  it("are refused as too many, as often as requested", async () => {
    const loopback = await testLoopback();
    loopback.faults.rateLimitRest({ times: 2, retryAfterSeconds: 1.5 });
    for (let time = 0; time < 2; time += 1) {
      const response = await get(loopback, "/users/@me");
      expect(response.status).toBe(429);
      expect(response.headers.get("retry-after")).toBe("2");
      expect(await response.json()).toEqual({
        message: "You are being rate limited.",
        retry_after: 1.5,
        global: false,
      });
    }
    expect((await get(loopback, "/users/@me")).status).toBe(200);
    const statuses = loopback.log.map((event) => event.kind === "rest" && event.status);
    expect(statuses).toEqual([429, 429, 200]);
  });

  it("fail on the given path, and nowhere else", async () => {
    const loopback = await testLoopback();
    loopback.faults.failRest({ status: 503, path: "/messages" });
    expect((await get(loopback, "/users/@me")).status).toBe(200);
    expect((await get(loopback, MESSAGES)).status).toBe(503);
    expect((await get(loopback, MESSAGES)).status).toBe(200);
  });

  it("are answered for another bot", async () => {
    const loopback = await testLoopback();
    loopback.faults.failRest({ status: 500 });
    expect((await get(loopback, "/users/@me", loopback.addBot("other").token)).status).toBe(200);
    expect((await get(loopback, "/users/@me")).status).toBe(500);
  });
});
