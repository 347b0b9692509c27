import { expect, it } from "vitest";
import { sealPurpose } from "../../../src/service/domain/seal-purpose.ts";
import { WorkerUnreachableError } from "../../../src/service/ports/workers.ts";
import { createSealer } from "../../../src/service/secrets/sealer.ts";
import { HttpWorkerControl } from "../../../src/service/work/worker-control.ts";
import { jobRow } from "../support/job-rows.ts";

it("reports a worker as unreachable if the key for its control token is missing", async () => {
  const [earlier, newer] = [1, 2].map((byte) => createSealer([Buffer.alloc(32, byte)]));
  if (earlier === undefined || newer === undefined) throw new Error("no sealers");
  const job = jobRow({ worker: "{}" });
  const sealed = { ...job, controlTokenSealed: earlier.seal("token", sealPurpose.controlToken(job.id)) };
  const control = new HttpWorkerControl({ controlAddress: async () => "http://127.0.0.1:1" }, newer);
  const sending = control.send(sealed, { method: "GET", path: "", timeoutMs: 1_000 });
  await expect(sending).rejects.toThrow(WorkerUnreachableError);
  await expect(sending).rejects.toThrow(/sealing key [0-9a-f]{8} is missing/);
});
