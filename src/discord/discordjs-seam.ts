import type { Client } from "discord.js";

/**
 * The one place that reaches into discord.js 14.28.1, which is pinned for it and held by a contract test. The library
 * keeps the gateway session alive; the worker reads the dispatches itself.
 */

/** Which of the gateway's shards a client opens. */
export interface ShardChoice {
  readonly shardCount: number;
  readonly shard: number;
}

/** Call before `login`, which reads the options. */
export function chooseShard(client: Client, { shardCount, shard }: ShardChoice): void {
  client.options.shardCount = shardCount;
  client.options.shards = [shard];
}

/**
 * Keeps dispatches out of discord.js' caches, which would hold every guild of the bot. READY passes because it sets the
 * client up, but without its list of guilds.
 */
export function keepNoCaches(client: Client): void {
  const handlePacket: unknown = Reflect.get(client.ws, "handlePacket");
  if (typeof handlePacket !== "function") throw new TypeError("discord.js has no handlePacket any more");
  Reflect.set(client.ws, "handlePacket", (packet: { t?: string; d?: unknown } | undefined, shard: unknown) => {
    if (packet === undefined) return true;
    // The library reads the id of a guild from it afterwards, and nobody would catch what that throws.
    const data = typeof packet.d === "object" && packet.d !== null ? packet.d : {};
    packet.d = data;
    if (packet.t !== "READY") return true;
    return Reflect.apply(handlePacket, client.ws, [{ ...packet, d: { ...data, guilds: [] } }, shard]);
  });
}

/**
 * Runs each listener of a dispatch that is added from now on inside `contain`.
 *
 * @param contain gets what Discord calls the dispatch; must not throw
 */
export function containListeners(client: Client, contain: (kind: string, action: () => void) => void): void {
  type Listener = (data: unknown, shardId: number) => void;
  const on = client.ws.on.bind(client.ws);
  const guarded = (event: string, listener: Listener) => {
    const contained: Listener = (data, shardId) => contain(event, () => listener(data, shardId));
    // `off` finds a listener by this property, as it does one of `once`.
    Reflect.set(contained, "listener", listener);
    return on(event as Parameters<typeof on>[0], contained);
  };
  Reflect.set(client.ws, "on", guarded);
}

/** Has a session that is resumed continue after the dispatch that could not be read. */
export function skipDispatch(client: Client, shardId: number): void {
  const session: unknown = Reflect.get(client.ws.shards.get(shardId) ?? {}, "sessionInfo");
  if (typeof session !== "object" || session === null) return;
  const sequence: unknown = Reflect.get(session, "sequence");
  if (typeof sequence === "number") Reflect.set(session, "sequence", sequence + 1);
}
