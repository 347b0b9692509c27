import { expect, it } from "vitest";
import { fuzzService } from "../service/fuzz/fuzz-service.ts";
import { missing } from "../support/audio-programs.ts";

/** For 10 minutes: npm run service:fuzz. */
const SECONDS = 20;

it.skipIf(missing("schemathesis"))(
  "schemathesis finds no 5xx, and no answer that the service's OpenAPI document does not have",
  { timeout: 180_000 },
  async () => {
    const { exitCode, report, isServiceWell, log } = await fuzzService(SECONDS);
    expect(exitCode, report).toBe(0);
    expect(report).toMatch(/\b[1-9]\d* generated/);
    expect(isServiceWell).toBe(true);
    expect(log).not.toContain('"level":50');
  },
);
