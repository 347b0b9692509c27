import { SimpleShardingStrategy, type WebSocketManager } from "@discordjs/ws";
import { readableMessage } from "./gateway-message.ts";

/**
 * The only code that uses internals of @discordjs/ws 1.2.3. The version is pinned for that, and a contract test checks
 * them.
 *
 * Gives the library only the gateway messages that it can read.
 */
export class CheckedShards extends SimpleShardingStrategy {
  readonly #onMalformed: (kind: string) => void;

  /** @param onMalformed gets the kind of each dropped message */
  constructor(manager: WebSocketManager, onMalformed: (kind: string) => void) {
    super(manager);
    this.#onMalformed = onMalformed;
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
    Reflect.set(shard, "unpackMessage", async (...data: unknown[]): Promise<unknown> => {
      const read = readableMessage(await Reflect.apply(unpackMessage, shard, data));
      if ("message" in read) return read.message;
      this.#onMalformed(read.malformed);
      // The library drops it, as it drops a message that is not JSON.
      return null;
    });
  }
}
