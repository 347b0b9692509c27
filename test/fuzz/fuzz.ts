import { parseArgs } from "node:util";
import { mutate, random } from "./mutate.ts";
import { type FuzzTarget, TARGETS } from "./targets.ts";

/** Tries one mutated input. An error names the seed that repeats it. */
export function fuzzOnce(target: FuzzTarget, seed: number): void {
  const next = random(seed);
  const start = target.corpus[Math.floor(next() * target.corpus.length)] ?? Buffer.alloc(0);
  const input = mutate(start, next);
  let given: number;
  try {
    given = target.run(input);
  } catch (error) {
    const shown = input.length <= 200 ? input.toString("hex") : `${input.length} bytes`;
    throw new Error(`${target.name} failed on seed ${seed} (${shown}): ${String(error)}`, { cause: error });
  }
  if (given > input.length) throw new Error(`${target.name} made ${given} bytes of ${input.length} on seed ${seed}`);
}

/** `npm run fuzz -- --seconds 600 --seed 1`: each target in turn, for its share of the time. */
function main(): void {
  const { values } = parseArgs({
    options: { seconds: { type: "string", default: "60" }, seed: { type: "string", default: String(Date.now()) } },
  });
  const perTargetMs = (Number(values.seconds) * 1_000) / TARGETS.length;
  let seed = Number(values.seed);
  for (const target of TARGETS) {
    const until = performance.now() + perTargetMs;
    const first = seed;
    while (performance.now() < until) {
      fuzzOnce(target, seed);
      seed += 1;
    }
    process.stdout.write(`${target.name}: ${seed - first} inputs from seed ${first} on, nothing found\n`);
  }
}

if (import.meta.main) main();
