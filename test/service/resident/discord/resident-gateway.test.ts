import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Loopback, LoopbackOptions } from "../../../../src/loopback/loopback.ts";
import { ResidentGateway } from "../../../../src/service/resident/discord/resident-gateway.ts";
import { silentLog } from "../../../support/silent-log.ts";
import { testLoopback } from "../../../support/test-loopback.ts";
import { GUILD_ID, person, toneCall } from "../../../support/tone-call.ts";

const ALICE = person(1, "alice");
/** Each request has a deadline, which sleeps too. */
const REQUEST_LIMIT_MS = 30_000;
const SHARDING_REQUIRED = 4011;
const fixture = toneCall([{ user: ALICE, speaksFromMs: 0, packetCount: 0 }]);

async function start(options: Partial<LoopbackOptions> = {}, token?: string, apiUrl?: string) {
  const loopback = await testLoopback({ fixture, ...options });
  const dispatched: string[] = [];
  const logins: number[] = [];
  const pauses: number[] = [];
  const gateway = new ResidentGateway({
    ...{ token: token ?? loopback.token, apiUrl: apiUrl ?? loopback.restUrl, log: silentLog },
    sleep: (ms, signal) => {
      if (ms !== REQUEST_LIMIT_MS) pauses.push(ms);
      return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    },
    onDispatch: (kind, data) => {
      dispatched.push(kind);
      if (kind === "GUILD_CREATE") guilds.add((data as { id: string }).id);
    },
    onLimit: () => undefined,
    onLogin: () => logins.push(1),
    onState: () => undefined,
  });
  const guilds = new Set<string>();
  onTestFinished(() => gateway.close());
  gateway.start();
  return { loopback, gateway, dispatched, logins, guilds, pauses };
}

const connected = (gateway: ResidentGateway, shards = 1) =>
  vi.waitFor(() => expect(gateway.state).toEqual({ kind: "connected", shards }), 20_000);
const resumes = ({ log }: Loopback) => log.filter(({ kind }) => kind === "gateway_resume").length;

describe("the resident's session", () => {
  it("has as many shards as Discord recommends, and gets every server once", async () => {
    const { gateway, loopback, guilds, logins } = await start({ otherGuilds: 60, shards: 2 });
    await connected(gateway, 2);
    await vi.waitFor(() => expect(guilds.size).toBe(61), 10_000);
    expect(guilds.has(GUILD_ID)).toBe(true);
    expect(loopback.identifies.map(({ shardId, shardCount }) => `${shardId}/${shardCount}`).sort()).toEqual([
      "0/2",
      "1/2",
    ]);
    expect(logins).toHaveLength(2);
  });

  it("is resumed after its connection broke, without a login, and gets what happened meanwhile", async () => {
    const { gateway, loopback, dispatched, logins } = await start();
    await connected(gateway);
    loopback.faults.dropGateway();
    loopback.person(ALICE.id).join("100000000000000002");
    await vi.waitFor(() => expect(resumes(loopback)).toBe(1), 10_000);
    await vi.waitFor(() => expect(dispatched).toContain("VOICE_STATE_UPDATE"), 10_000);
    await connected(gateway);
    expect(logins).toHaveLength(1);
  });

  it("begins again after a pause if Discord wants other shards, because each try costs a login", async () => {
    const { gateway, loopback, pauses } = await start();
    await connected(gateway);
    loopback.faults.closeGateway(SHARDING_REQUIRED);
    await vi.waitFor(() => expect(pauses).toEqual([5_000]), 10_000);
    expect(gateway.state).toMatchObject({ kind: "connecting" });
  });

  it("begins again after Discord ended it", async () => {
    const { gateway, loopback, logins } = await start();
    await connected(gateway);
    loopback.faults.invalidateGatewaySession({ resumable: false });
    await vi.waitFor(() => expect(logins).toHaveLength(2), 15_000);
    await connected(gateway);
  });
});

describe("a login that cannot work", () => {
  it("with a wrong token is refused for good, in a sentence that names the setting", async () => {
    const { gateway, pauses } = await start({}, "MTAwMDAwMDAwMDAwMDAwMDAw.abcdef.abcdefghijklmnopqrstuvwxyz");
    await vi.waitFor(() => expect(gateway.state).toMatchObject({ kind: "refused" }), 10_000);
    expect(gateway.state).toMatchObject({
      why: expect.stringMatching(/^Discord refused the token in MEETBOT_BOT_TOKEN; /),
    });
    expect(pauses).toEqual([]);
  });

  it("with a token that was revoked later is refused too", async () => {
    const { gateway, loopback } = await start();
    await connected(gateway);
    loopback.faults.revokeToken();
    loopback.faults.dropGateway();
    await vi.waitFor(() => expect(gateway.state).toMatchObject({ kind: "refused" }), 10_000);
  });

  it("stays refused while its other shards are closed", async () => {
    const { gateway, loopback, logins } = await start({ shards: 2 });
    // The other shard is connected then, and waits until it may log in.
    await vi.waitFor(() => expect(logins).toHaveLength(1), 10_000);
    loopback.faults.revokeToken();
    await vi.waitFor(() => expect(gateway.state).toMatchObject({ kind: "refused" }), 10_000);
    await gateway.close();
    expect(gateway.state).toMatchObject({ kind: "refused" });
  });

  it("waits until the bot has logins again", async () => {
    const { gateway, loopback } = await start({
      sessionStartLimit: { total: 1_000, remaining: 0, resetAfterMs: 60_000 },
    });
    await vi.waitFor(() => expect(gateway.state).toMatchObject({ kind: "waiting" }), 10_000);
    expect(gateway.state).toMatchObject({ why: expect.stringContaining("0 of its 1000 logins of the day left") });
    expect(loopback.identifies).toEqual([]);
  });

  it("waits while Discord cannot be reached", async () => {
    const { gateway, pauses } = await start({}, undefined, "http://127.0.0.1:1/api");
    await vi.waitFor(() => expect(gateway.state).toMatchObject({ kind: "waiting" }), 20_000);
    expect(pauses.length).toBeGreaterThan(0);
  });
});
