import { describe, expect, it } from "vitest";
import { serviceApi, TOKEN } from "../../../support/service-api.ts";

const BOT = Buffer.from(TOKEN.split(".")[0] ?? "", "base64").toString();
const SOON = new Date(Date.now() + 3_600_000).toISOString();

async function spent() {
  const api = await serviceApi();
  const limit = { botId: BOT, total: 1_000, remaining: 50, resetAt: Date.now() + 600_000, seenAt: Date.now() };
  return { ...api, limit };
}

describe("a bot without logins for new calls", () => {
  it("gets 429 with the time of new ones; a repeated request gets its first answer", async () => {
    const { create, store, limit } = await spent();
    const first = await create({ externalId: "before" });
    expect(first.status).toBe(201);
    await store.logins.noteLoginLimit(limit);
    const refused = await create({ externalId: "after" });
    expect([refused.status, refused.json.code]).toEqual([429, "logins_spent"]);
    expect(refused.json.message).toContain(new Date(limit.resetAt).toISOString());
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(590);
    expect((await create({ externalId: "before" })).json.id).toBe(first.json.id);
    expect((await create({ externalId: "later", joinAt: SOON })).status).toBe(201);
  });

  it("is seen in the metrics", async () => {
    const { ask, store, limit } = await spent();
    await store.logins.noteLoginLimit({ ...limit, remaining: 70 });
    const login = { id: "1", botId: BOT, kind: "worker", at: Date.now() - 1_000 } as const;
    await store.logins.noteLogins([login]);
    const { text } = await ask("GET", "/metrics");
    expect(text).toContain("\nmeetbot_service_bot_logins 1\n");
    expect(text).toContain("\nmeetbot_service_fewest_bot_logins_left 70\n");
  });
});
