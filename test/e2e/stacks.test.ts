import { expect, test } from "vitest";
import { person, toneCall } from "../support/tone-call.ts";
import { recordFixture, runCommand } from "../support/worker.ts";

/** Breaks a method that the program needs, as a fault of ours would. */
const BREAK = `Array.prototype.toSorted = () => { throw new TypeError("broken for the test"); };`;
const loadedFirst = (code: string) => ({ NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` });

const CALL = toneCall([{ user: person(1), speaksFromMs: 0, packetCount: 100, leavesAtMs: 2_500 }]);

test("The stack of an error in a recording points to the source.", async () => {
  let log = "";
  const recording = recordFixture(CALL, {
    environment: loadedFirst(`process.once("SIGUSR2", () => { ${BREAK} });`),
    during: async (worker) => {
      await worker.until("participant speaks");
      worker.kill("SIGUSR2");
      log = (await worker.result).stderr;
    },
  });
  await expect(recording).rejects.toThrow("no manifest");
  expect(log).toMatch(/broken for the test[^\n]*\bsrc\/recording\/job\/[\w-]+\.ts:\d+:\d+/);
});

test("The stack of an error in a command points to the source.", async () => {
  const { exitCode, stderr } = await runCommand(["list", "test/fixtures"], loadedFirst(BREAK));
  expect(exitCode).toBe(2);
  expect(stderr).toContain("unexpected failure, please report it\nTypeError: broken for the test\n");
  expect(stderr).toMatch(/^ {4}at .*\bsrc\/cli\/commands\/list\.ts:\d+:\d+/m);
});
