/** First millisecond of 2015: Discord's ids count from here. */
const DISCORD_EPOCH_MS = 1_420_070_400_000n;

let increment = 0n;

/**
 * A new Discord id for this moment: milliseconds since the Discord epoch, then 22 bits that distinguish ids of the same
 * moment.
 */
export function createSnowflake(nowMs: number = Date.now()): string {
  increment = (increment + 1n) & 0xfffn;
  return (((BigInt(nowMs) - DISCORD_EPOCH_MS) << 22n) | increment).toString();
}

/** Compares by age. Ids differ in length, so comparing text would not work. */
export function compareSnowflakes(left: string, right: string): number {
  const difference = BigInt(left) - BigInt(right);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}
