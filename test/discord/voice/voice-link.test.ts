import { EventEmitter } from "node:events";
import { getVoiceConnection, Networking, NetworkingStatusCode, VoiceConnectionStatus } from "@discordjs/voice";
import { afterEach, describe, expect, it } from "vitest";
import type { OpenSession } from "../../../src/discord/session.ts";
import { VoiceLink } from "../../../src/discord/voice/voice-link.ts";
import { settle, VirtualClock } from "../../support/virtual-clock.ts";

const GUILD_ID = "100000000000000001";
const CHANNEL_ID = "100000000000000002";
const SELF_ID = "200000000000000000";
/** Half the delay is fixed and half is random, here 0, so the first retry comes after 250 ms. */
const FIRST_RETRY_MS = 250;
const BACK_IN_MS = 20_000;

const links: VoiceLink[] = [];

afterEach(() => {
  for (const link of links.splice(0)) link.close();
});

/** A link to a voice channel on a clock of its own. The test plays the gateway and the voice server. */
function linkOf() {
  const clock = new VirtualClock();
  const happened: string[] = [];
  /** The requests to the gateway: the channel's id, or null to leave. */
  const asked: unknown[] = [];
  const send = ({ d }: { readonly d: { readonly channel_id: unknown } }): unknown => asked.push(d.channel_id);
  const dispatches = new EventEmitter();
  const link = new VoiceLink({
    session: { client: { dispatches, send }, selfId: SELF_ID } as unknown as OpenSession,
    guildId: GUILD_ID,
    channelId: CHANNEL_ID,
    clock,
    random: () => 0,
    ingress: {
      session: () => undefined,
      datagram: () => undefined,
      takeSocket: () => undefined,
      message: (handle) => handle(),
      handleWaitingMessages: () => undefined,
      claim: () => undefined,
      keysChanging: () => undefined,
      keysChanged: () => undefined,
      keyEvent: () => undefined,
    },
    listener: {
      malformedMessage: () => undefined,
      disconnected: () => happened.push("disconnected"),
      live: () => happened.push("live"),
      lost: ({ failureCode, detail }) => happened.push(`lost: ${failureCode}: ${detail}`),
    },
    onDebug: () => undefined,
  });
  links.push(link);
  link.joined().then(
    () => happened.push("joined"),
    (error) => happened.push(`${error.failureCode}: ${error.message}`),
  );
  const connection = getVoiceConnection(GUILD_ID);
  if (connection === undefined) throw new Error("the link has no connection");

  /** The library has a new networking: connecting, then ready. */
  const networkingIn = (code: NetworkingStatusCode): Networking => {
    const networking: Networking = Object.create(Networking.prototype);
    EventEmitter.call(networking);
    Object.assign(networking, { _state: { code }, destroy: () => undefined });
    return networking;
  };
  const become = (status: VoiceConnectionStatus, networking: Networking): void => {
    Object.assign(connection, { state: { ...connection.state, status, networking } });
  };
  const connecting = (): void => become(VoiceConnectionStatus.Connecting, networkingIn(NetworkingStatusCode.OpeningWs));
  const ready = async (): Promise<void> => {
    become(VoiceConnectionStatus.Ready, networkingIn(NetworkingStatusCode.Closed));
    await settle();
  };
  /** The gateway's socket is being resumed: the networking stays. */
  const resuming = (): void => become(VoiceConnectionStatus.Connecting, networkingIn(NetworkingStatusCode.Resuming));
  const close = (code: number): void => Reflect.apply(Reflect.get(connection, "onNetworkingClose"), connection, [code]);
  const loseServer = (): void => {
    const update = { guild_id: GUILD_ID, endpoint: null, token: "t" };
    Reflect.apply(Reflect.get(connection, "addServerPacket"), connection, [update]);
  };
  return { link, connection, clock, happened, asked, connecting, ready, resuming, close, loseServer };
}

async function liveLink() {
  const call = linkOf();
  await call.ready();
  call.happened.length = 0;
  call.asked.length = 0;
  return call;
}

describe("a voice link that joins", () => {
  it("asks for the channel, and has joined when the connection is ready", async () => {
    const { happened, asked, connecting, ready } = linkOf();
    connecting();
    await ready();
    expect(happened).toEqual(["live", "joined"]);
    expect(asked).toEqual([CHANNEL_ID]);
  });

  it("fails after 30 s without an answer", async () => {
    const { clock, happened, connection } = linkOf();
    await clock.advance(29_999);
    expect(happened).toEqual([]);
    await clock.advance(1);
    expect(happened).toEqual(["lobby_timeout: Discord's voice server did not answer within 30 s"]);
    expect(connection.state.status).toBe(VoiceConnectionStatus.Destroyed);
  });

  it("asks again after a close without a disconnect, because it was never connected", async () => {
    const { clock, happened, asked, close, ready } = linkOf();
    close(4006);
    await clock.advance(FIRST_RETRY_MS);
    expect(asked).toEqual([CHANNEL_ID, CHANNEL_ID]);
    await ready();
    await clock.advance(400_000);
    expect(happened).toEqual(["live", "joined"]);
  });

  it("fails at once on a code from which no retry recovers", async () => {
    const { happened, close } = linkOf();
    close(4017);
    await settle();
    expect(happened).toEqual([expect.stringContaining("recording_disabled: ")]);
  });

  it("fails at the second certificate that this machine rejects, and says why", async () => {
    const { connection, clock, happened, close } = linkOf();
    const refuse = (): void => {
      connection.emit("error", Object.assign(new Error("expired"), { code: "CERT_HAS_EXPIRED" }));
      close(1006);
    };
    refuse();
    await clock.advance(FIRST_RETRY_MS);
    expect(happened).toEqual([]);
    refuse();
    await settle();
    expect(happened).toEqual([expect.stringContaining("network_loss: ")]);
  });
});

describe("a voice link that is live", () => {
  it.each([1006, 4006, 4009, 4015, 4012, 4016, 4001])("is disconnected with code %i, and asks again", async (code) => {
    const { clock, happened, asked, close, ready } = await liveLink();
    close(code);
    expect(happened).toEqual(["disconnected"]);
    await clock.advance(FIRST_RETRY_MS - 1);
    expect(asked).toEqual([]);
    await clock.advance(1);
    expect(asked).toEqual([CHANNEL_ID]);
    await ready();
    expect(happened).toEqual(["disconnected", "live"]);
  });

  it.each([
    [4014, 5_000],
    [4022, 20_000],
    [4021, 180_000],
  ])("is disconnected with code %i, and asks again after %i ms", async (code, waitMs) => {
    const { clock, happened, asked, close } = await liveLink();
    close(code);
    await clock.advance(waitMs - 1);
    expect(asked).toEqual([]);
    await clock.advance(1);
    expect([happened, asked]).toEqual([["disconnected"], [CHANNEL_ID]]);
  });

  it("is lost after a code from which no retry recovers", async () => {
    const { happened, close, connection } = await liveLink();
    close(4017);
    expect(happened).toEqual(["disconnected", expect.stringContaining("lost: recording_disabled: ")]);
    expect(connection.state.status).toBe(VoiceConnectionStatus.Destroyed);
  });

  it("stays live while the gateway's socket is resumed, and is disconnected if that takes more than 20 s", async () => {
    const { clock, happened, resuming, ready } = await liveLink();
    resuming();
    await clock.advance(19_999);
    await ready();
    await clock.advance(400_000);
    expect(happened).toEqual([]);
    resuming();
    await clock.advance(20_000);
    expect(happened).toEqual(["disconnected"]);
  });

  it("is disconnected while it moves to another voice server", async () => {
    const { happened, connecting, ready } = await liveLink();
    connecting();
    expect(happened).toEqual(["disconnected"]);
    await ready();
    expect(happened).toEqual(["disconnected", "live"]);
  });

  it("waits 20 s for a voice server whose address was withdrawn, then asks", async () => {
    const { clock, happened, asked, loseServer } = await liveLink();
    loseServer();
    await clock.advance(BACK_IN_MS - 1);
    expect([happened, asked]).toEqual([["disconnected"], []]);
    await clock.advance(1);
    expect(asked).toEqual([CHANNEL_ID]);
  });

  it("leaves and joins again 2 s later when it is asked to rejoin", async () => {
    const { link, clock, happened, asked, ready } = await liveLink();
    link.rejoin();
    expect([happened, asked, link.isLeavingToRejoin]).toEqual([["disconnected"], [null], true]);
    await clock.advance(2_000);
    expect(asked).toEqual([null, CHANNEL_ID]);
    await ready();
    expect([happened, link.isLeavingToRejoin]).toEqual([["disconnected", "live"], false]);
  });

  it("asks at once for a voice server if the gateway has forgotten the session", async () => {
    const { link, happened, asked } = await liveLink();
    link.rejoinNow();
    expect([happened, asked, link.isLeavingToRejoin]).toEqual([["disconnected"], [CHANNEL_ID], false]);
  });

  it("rejoins only the encrypted group when asked to, and stays live", async () => {
    const { link, happened, asked } = await liveLink();
    link.rejoinGroup();
    expect([happened, asked]).toEqual([[], []]);
  });
});

describe("a voice link that is disconnected", () => {
  it("waits longer after each failure, and leaves the channel before the fourth attempt", async () => {
    const { clock, asked, close } = await liveLink();
    for (const [attempt, waitMs] of [250, 500, 1_000].entries()) {
      close(4006);
      await clock.advance(waitMs - 1);
      expect(asked).toHaveLength(attempt);
      await clock.advance(1);
      expect(asked).toHaveLength(attempt + 1);
    }
    close(4006);
    await clock.advance(2_000);
    expect(asked).toEqual([CHANNEL_ID, CHANNEL_ID, CHANNEL_ID, null]);
  });

  it("treats an attempt without an answer as failed after 20 s", async () => {
    const { clock, asked, close } = await liveLink();
    close(4006);
    await clock.advance(FIRST_RETRY_MS + BACK_IN_MS + 499);
    expect(asked).toHaveLength(1);
    await clock.advance(1);
    expect(asked).toHaveLength(2);
  });

  it("is lost after 5 minutes, and starts that count over after being live", async () => {
    const { clock, happened, close, ready } = await liveLink();
    close(4021);
    await clock.advance(179_999);
    await ready();
    happened.length = 0;
    close(4021);
    await clock.advance(299_999);
    expect(happened).toEqual(["disconnected"]);
    await clock.advance(1);
    const detail = "the voice connection was lost and did not come back within 5 minutes";
    expect(happened).toEqual(["disconnected", `lost: network_loss: ${detail}`]);
    await clock.advance(400_000);
    expect(happened).toHaveLength(2);
  });

  it("forgets its failures once it is live", async () => {
    const { clock, asked, close, ready } = await liveLink();
    for (let round = 0; round < 5; round += 1) {
      close(4006);
      await clock.advance(FIRST_RETRY_MS);
      await ready();
    }
    expect(asked).toEqual(Array.from({ length: 5 }, () => CHANNEL_ID));
  });

  it("may be asked to rejoin, which replaces the next attempt", async () => {
    const { link, clock, happened, asked, close, ready } = await liveLink();
    close(4021);
    link.rejoin();
    await clock.advance(2_000);
    expect([happened, asked]).toEqual([["disconnected"], [null, CHANNEL_ID]]);
    link.rejoinNow();
    await ready();
    // Nothing is left of the attempt that the code asked for.
    await clock.advance(400_000);
    expect([happened, asked]).toEqual([
      ["disconnected", "live"],
      [null, CHANNEL_ID, CHANNEL_ID],
    ]);
  });
});

describe("a voice link that is closed", () => {
  it.each(["joining", "live", "disconnected"])("leaves the channel and does nothing more, %s before", async (state) => {
    const call = state === "joining" ? linkOf() : await liveLink();
    if (state === "disconnected") call.close(4006);
    call.happened.length = 0;
    call.asked.length = 0;
    call.link.close();
    expect(call.asked).toEqual([null]);
    call.link.close();
    call.link.rejoin();
    call.link.rejoinNow();
    call.close(4006);
    await call.clock.advance(400_000);
    expect([call.asked, call.happened, call.link.isLeavingToRejoin]).toEqual([[null], [], false]);
  });
});
