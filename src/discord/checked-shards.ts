import { SimpleShardingStrategy, type WebSocketManager } from "@discordjs/ws";
import { hasTooManyValues, readableMessage } from "./gateway-message.ts";

/** Informed about messages that the library does not get. */
export interface DropListener {
  /** @param kind Discord's name of the message, if it has one */
  malformed(kind: string): void;
  tooLarge(): void;
}

/**
 * The only code that uses internals of @discordjs/ws 1.2.3. The version is pinned for that, and a contract test checks
 * them.
 *
 * Gives the library only the gateway messages that it can read.
 */
export class CheckedShards extends SimpleShardingStrategy {
  readonly #dropped: DropListener;

  constructor(manager: WebSocketManager, dropped: DropListener) {
    super(manager);
    this.#dropped = dropped;
  }

  override async spawn(shardIds: number[]): Promise<void> {
    await super.spawn(shardIds);
    const shards: unknown = Reflect.get(this, "shards");
    if (!(shards instanceof Map)) throw new TypeError("@discordjs/ws has no shards any more");
    for (const shard of shards.values()) this.#check(shard);
  }

  #check(shard: object): void {
    const unpackMessage: unknown = Reflect.get(shard, "unpackMessage");
    if (typeof unpackMessage !== "function") throw new TypeError("@discordjs/ws has no unpackMessage any more");
    // The library drops what is null, as it drops a message that is not JSON.
    Reflect.set(shard, "unpackMessage", async (...data: unknown[]): Promise<unknown> => {
      if (hasTooManyValues(data[0])) {
        this.#dropped.tooLarge();
        return null;
      }
      const read = readableMessage(await Reflect.apply(unpackMessage, shard, data));
      if ("message" in read) return read.message;
      this.#dropped.malformed(read.malformed);
      return null;
    });
  }
}
