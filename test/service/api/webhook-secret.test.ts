import { describe, expect, it } from "vitest";
import { serviceApi } from "../../support/service-api.ts";

const PATH = "/api/v1/consumer/webhook-secret";

describe("the webhook secret of a key", () => {
  it("is replaced, shown once, and the one before stays valid for the overlap", async () => {
    const { ask, store, live, logged } = await serviceApi();
    const { status, json } = await ask("POST", PATH, { body: { overlapHours: 2 } });
    expect(status).toBe(200);
    expect(json.webhookSecret).toMatch(/^whsec_/);
    expect(json.webhookSecret).not.toBe(live.webhookSecret);
    const untilMs = Date.parse(json.previousValidUntil) - Date.now();
    expect(untilMs).toBeGreaterThan(7_190_000);
    expect(untilMs).toBeLessThanOrEqual(7_200_000);
    const { json: consumer } = await ask("GET", "/api/v1/consumer");
    expect(consumer.key.previousSecretValidUntil).toBe(json.previousValidUntil);
    expect(JSON.stringify(consumer) + logged()).not.toContain(json.webhookSecret);
    expect(await store.key(live.row.id)).toMatchObject({ oldWebhookSecretSealed: live.row.webhookSecretSealed });
  });

  it("is replaced only once by many requests at the same time: receivers know the one before", async () => {
    const { ask, store, live } = await serviceApi();
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask("POST", PATH, { body: {} })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const refused = answers.find(({ status }) => status === 409);
    expect(refused?.json).toMatchObject({ code: "secret_overlap", message: expect.stringContaining("valid until 20") });
    expect(await store.key(live.row.id)).toMatchObject({ oldWebhookSecretSealed: live.row.webhookSecretSealed });
  });

  it("is replaced at once without an overlap, also during another one (a secret that somebody read)", async () => {
    const { ask, store, live } = await serviceApi();
    await ask("POST", PATH, { body: {} });
    const { status, json } = await ask("POST", PATH, { body: { overlapHours: 0 } });
    expect([status, json.previousValidUntil]).toEqual([200, null]);
    const row = await store.key(live.row.id);
    expect(row).toMatchObject({ oldWebhookSecretSealed: null, oldWebhookSecretUntil: null });
    expect((await ask("GET", "/api/v1/consumer")).json.key.previousSecretValidUntil).toBeNull();
  });

  it.each([-1, 169, 1.5, "1", null])("is not replaced with an overlap of %j hours", async (overlapHours) => {
    const { ask, store, live } = await serviceApi();
    const { status, json } = await ask("POST", PATH, { body: { overlapHours } });
    expect([status, json.issues]).toEqual([
      400,
      [{ path: ["overlapHours"], message: "expected a whole number of hours from 0 to 168" }],
    ]);
    expect((await store.key(live.row.id))?.webhookSecretSealed).toBe(live.row.webhookSecretSealed);
  });
});
