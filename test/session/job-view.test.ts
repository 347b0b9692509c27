import { expect, test } from "vitest";
import { jobView } from "../../src/session/job-view.ts";

const META = { discord: { guildId: "1", channelId: "2", textChannelId: null } };

const VIEW = {
  ...{ id: "j", externalId: null, platform: "discord", meetingUrl: "discord://1/2", metadata: META, channel: null },
  ...{ status: "recording", paused: false, stopped: false, startedAt: null, elapsedSeconds: 0, connection: null },
  participants: [
    {
      ...{ id: "3", username: "otter", displayName: "Otter", bot: false },
      ...{ speakerLabel: "A", present: true, spoke: false, consent: "not_asked" },
    },
  ],
  ...{ speakers: [], autoLeave: [], warnings: [], exitReason: null, exitDetail: null },
  ...{ failure_code: null, failure_detail: null, manifestUri: null },
  uploads: { waitingFiles: 0, waitingBytes: 0, storedFiles: 0, storedBytes: 0, failedFiles: 0 },
};

test("The view of an earlier worker, which does not say who speaks, can be read.", () => {
  const { success, data, error } = jobView.safeParse(VIEW);
  expect(error?.issues).toBeUndefined();
  expect(success && data.participants[0]?.speaking).toBe(false);
});

test("A negative time is refused.", () => {
  expect(jobView.safeParse({ ...VIEW, elapsedSeconds: -1 }).success).toBe(false);
});
