import { type Client, type ClientOptions, SimpleShardingStrategy } from "discord.js";
import { readableMessage } from "./gateway-message.ts";

/**
 * The only code that uses internals of discord.js 14.28.1. The version is pinned for that, and a contract test checks
 * the internals. The library keeps the gateway session alive; the worker reads the dispatches itself.
 */

/** The gateway shard that a client opens. */
export interface ShardChoice {
  readonly shardCount: number;
  readonly shard: number;
}

/** Call before `login`, which reads the options. */
export function chooseShard(client: Client, { shardCount, shard }: ShardChoice): void {
  client.options.shardCount = shardCount;
  client.options.shards = [shard];
}

/** Runs an action for a message of this kind; must not throw. */
type Contain = (kind: string, action: () => void) => void;

/**
 * Gives a client only the gateway messages that it can read.
 *
 * @param onMalformed gets the kind of each dropped message
 */
export function checkedGateway(onMalformed: (kind: string) => void): NonNullable<ClientOptions["ws"]> {
  return { buildStrategy: (manager) => new CheckedShards(manager, onMalformed) };
}

class CheckedShards extends SimpleShardingStrategy {
  readonly #onMalformed: (kind: string) => void;

  constructor(manager: ConstructorParameters<typeof SimpleShardingStrategy>[0], onMalformed: (kind: string) => void) {
    super(manager);
    this.#onMalformed = onMalformed;
  }

  override async spawn(shardIds: number[]): Promise<void> {
    await super.spawn(shardIds);
    const shards: unknown = Reflect.get(this, "shards");
    if (!(shards instanceof Map)) throw new TypeError("discord.js has no shards any more");
    for (const shard of shards.values()) this.#check(shard);
  }

  #check(shard: object): void {
    const unpackMessage: unknown = Reflect.get(shard, "unpackMessage");
    if (typeof unpackMessage !== "function") throw new TypeError("discord.js has no unpackMessage any more");
    Reflect.set(shard, "unpackMessage", async (...data: unknown[]): Promise<unknown> => {
      const read = readableMessage(await Reflect.apply(unpackMessage, shard, data));
      if ("message" in read) return read.message;
      this.#onMalformed(read.malformed);
      // The library drops it, as it drops a message that is not JSON.
      return null;
    });
  }
}

/**
 * Keeps dispatches out of discord.js' caches, which would hold every guild of the bot. READY passes because it sets the
 * client up, but without its list of guilds.
 */
export function keepNoCaches(client: Client, contain: Contain): void {
  const handlePacket: unknown = Reflect.get(client.ws, "handlePacket");
  if (typeof handlePacket !== "function") throw new TypeError("discord.js has no handlePacket any more");
  Reflect.set(client.ws, "handlePacket", (packet: { t?: string; d?: unknown } | undefined, shard: unknown) => {
    if (packet === undefined) return true;
    // The library reads a guild id from it afterwards, and nothing would catch an error there.
    const data = typeof packet.d === "object" && packet.d !== null ? packet.d : {};
    packet.d = data;
    if (packet.t !== "READY") return true;
    contain(packet.t, () => Reflect.apply(handlePacket, client.ws, [{ ...packet, d: { ...data, guilds: [] } }, shard]));
    return true;
  });
}

/**
 * Runs each dispatch listener added later inside `contain`.
 *
 * @param contain gets the name of the dispatch; must not throw
 */
export function containListeners(client: Client, contain: Contain): void {
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

/** Makes a resumed session continue after the dispatch that could not be read. */
export function skipDispatch(client: Client, shardId: number): void {
  const session: unknown = Reflect.get(client.ws.shards.get(shardId) ?? {}, "sessionInfo");
  if (typeof session !== "object" || session === null) return;
  const sequence: unknown = Reflect.get(session, "sequence");
  if (typeof sequence === "number") Reflect.set(session, "sequence", sequence + 1);
}
