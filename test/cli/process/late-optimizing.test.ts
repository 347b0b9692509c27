import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const MODULE = new URL("../../../src/cli/process/late-optimizing.ts", import.meta.url);
const IMPORT = `import { optimizeLate } from "${MODULE}";`;
const OPTIMIZE_LATE = `${IMPORT} optimizeLate();`;

/**
 * Whether a compiler of V8, by default Turbofan, compiles a function that is called this often in a fresh process,
 * according to V8's log.
 */
async function isOptimized(calls: number, begin = "", target = "TURBOFAN"): Promise<boolean> {
  const script = `
    ${begin}
    function watched(number) { return number % 7; }
    let rest = ${calls};
    function few() {
      for (let index = 0; index < 10; index += 1) watched(rest);
      rest -= 10;
      if (rest > 0) setImmediate(few);
    }
    few();
  `;
  // Copied into its caller, it would not be called any more.
  const noInlining = ["--max-inlined-bytecode-size=0", "--max-maglev-inlined-bytecode-size=0"];
  const args = ["--trace-opt", "--single-threaded", ...noInlining, "--input-type=module", "--eval", script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1e8 });
  return new RegExp(`completed compiling .*<JSFunction watched .*target ${target}`).test(stdout);
}

describe("optimizeLate", () => {
  it("makes V8 delay Turbofan, which it does not do by default", async () => {
    expect(await isOptimized(20_000)).toBe(true);
    expect(await isOptimized(20_000, OPTIMIZE_LATE)).toBe(false);
  });

  it("has V8 wait with Maglev, which it would not, and not for long", async () => {
    expect(await isOptimized(2_000, "", "MAGLEV")).toBe(true);
    expect(await isOptimized(2_000, OPTIMIZE_LATE, "MAGLEV")).toBe(false);
    expect(await isOptimized(20_000, OPTIMIZE_LATE, "MAGLEV")).toBe(true);
  });

  it("restores V8's own threshold after a while", async () => {
    const afterwards = `${IMPORT} optimizeLate(1); await new Promise((resolve) => setTimeout(resolve, 50));`;
    expect(await isOptimized(20_000, afterwards)).toBe(true);
  });

  it("lets Turbofan optimise code that runs for long", async () => {
    expect(await isOptimized(100_000, OPTIMIZE_LATE)).toBe(true);
  });
});
