import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jobName } from "../../src/kubernetes/metadata.ts";

/** RFC 1123, and a label's value; a pod's name adds 6 characters. */
const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,55}[a-z0-9])?$/;
const jobIds = fc.stringMatching(/^[\w.:@=+-]{1,128}$/);

describe("a Job's name", () => {
  test("is a DNS label that leaves room for the pods' suffix, whatever the job is called", () => {
    fc.assert(fc.property(jobIds, (jobId) => DNS_LABEL.test(jobName(jobId))));
  });

  test("is the same for the same job, and different for another", () => {
    fc.assert(fc.property(jobIds, jobIds, (one, other) => (jobName(one) === jobName(other)) === (one === other)));
    expect(jobName("Daily.1")).not.toBe(jobName("daily-1"));
  });

  test("can be recognised", () => {
    expect(jobName("job_01M89EEAMS0ZP46566K7RRNQ05")).toBe("meetbot-job-01m89eeams0zp46566k7rrnq05-d19c65e9");
    expect(jobName("...")).toMatch(/^meetbot-[0-9a-f]{8}$/);
  });
});
