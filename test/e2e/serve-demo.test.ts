import { expect, it } from "vitest";
import { serveDemo } from "../demo/serve-demo.ts";
import { missing } from "../support/audio-programs.ts";

it.skipIf(missing("curl"))(
  "From nothing: the service records with curl, its webhooks are genuine, a file is read, and the recording deleted.",
  { timeout: 180_000 },
  async () => {
    const said: string[] = [];
    const result = await serveDemo((line) => said.push(line));
    expect(result.status).toBe("completed");
    for (const status of ["joining", "in_call", "recording", "finalizing", "completed"]) {
      expect(result.events).toContain(`job.status_changed ${status}`);
    }
    // Who is there and who speaks comes in the middle of the call, from the worker's spool.
    const talk = result.events.indexOf("talkspurt");
    expect(talk).toBeGreaterThan(result.events.indexOf("job.status_changed recording"));
    expect(talk).toBeLessThan(result.events.indexOf("job.status_changed finalizing"));
    expect(result.events).toContain("participant.join");
    const genuine = result.webhooks.filter(({ isGenuine }) => isGenuine);
    expect(genuine).toHaveLength(result.webhooks.length);
    expect(genuine.map(({ event }) => event)).toContain("job.finalized");
    expect(result.firstBytes).toBe("OggS");
    expect(result.deletedFiles).toBeGreaterThanOrEqual(result.files);
    expect(result.statusAfterDeletion).toBe(410);
  },
);
