import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, chromium, type Page } from "playwright-core";

/** Debian's Chromium, without a window. */
export function openBrowser(): Promise<Browser> {
  const executablePath = execFileSync("which", ["chromium"], { encoding: "utf8" }).trim();
  return chromium.launch({ executablePath });
}

/** Runs axe-core on the page. @returns a line for each broken rule */
export async function axeViolations(page: Page): Promise<string[]> {
  await page.evaluate(readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"));
  return await page.evaluate(async () => {
    const { violations } = await Reflect.get(globalThis, "axe").run();
    return violations.map(({ id, nodes }: { id: string; nodes: { html: string }[] }) => `${id}: ${nodes[0]?.html}`);
  });
}

/** The output of each speaker's volume node, in samples of one clock. */
export type Rendered = readonly (readonly number[])[];

/**
 * From the page's start on, records what the first two nodes send to the loudspeakers.
 */
export async function listenIn(page: Page): Promise<() => Promise<Rendered>> {
  await page.addInitScript({ content: LISTENER });
  return () => page.evaluate("globalThis.rendered.map((blocks) => blocks.flatMap((block) => [...block]))");
}

/** Runs in the page. */
const LISTENER = `
globalThis.rendered = [[], []];
globalThis.decoded = 0;
const connect = AudioNode.prototype.connect;
const decode = BaseAudioContext.prototype.decodeAudioData;
BaseAudioContext.prototype.decodeAudioData = function (...bytes) {
  globalThis.decoded += 1;
  return decode.apply(this, bytes);
};
let merger;
let taps = 0;
AudioNode.prototype.connect = function (target, ...more) {
  if (target instanceof AudioDestinationNode && taps < 2) {
    if (merger === undefined) {
      merger = this.context.createChannelMerger(2);
      globalThis.listener = this.context.createScriptProcessor(4096, 2, 1);
      globalThis.listener.onaudioprocess = ({ inputBuffer }) => {
        for (const channel of [0, 1]) globalThis.rendered[channel].push(inputBuffer.getChannelData(channel).slice());
      };
      connect.call(merger, globalThis.listener);
      connect.call(globalThis.listener, target);
    }
    connect.call(this, merger, 0, taps++);
  }
  return connect.call(this, target, ...more);
};`;

/** By how many samples the second is later than the first: the best match within half a period of the sound. */
export function lagSamples(first: readonly number[], second: readonly number[], most: number): number {
  let best = { lag: Number.NaN, match: Number.NEGATIVE_INFINITY };
  for (let lag = -most; lag <= most; lag += 1) {
    let match = 0;
    for (let at = most; at < first.length - most; at += 1) match += (first[at] ?? 0) * (second[at + lag] ?? 0);
    if (match > best.match) best = { lag, match };
  }
  return best.lag;
}

/** The loudest sample. */
export function peakOf(samples: readonly number[]): number {
  return samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0);
}
