import { describe, expect, test } from "vitest";
import { knownAsRecorder } from "../../../src/session/leaving/known-recorders.ts";

const SELF = "100000000000000009";
const bot = (username: string, displayName = username, id = "200000000000000001") => ({
  id,
  username,
  displayName,
  bot: true,
});

describe("another recorder", () => {
  test.each([
    ["Craig", "272937604339466240"],
    ["Scripty", "811652199100317726"],
  ])("is recognised by its id, whatever its name here: %s", (_, id) => {
    expect(knownAsRecorder(bot("DJ", "DJ", id), SELF)).toBe("id");
  });

  test.each([
    "Craig",
    "craig 2",
    "Craig[α]",
    "Giarc",
    "SeaVoice",
    "Meetbot EU",
    "Meeting Recorder",
    "RecorderBot",
    "voice-recording",
    "Transcriber",
    "TranscriptionBot",
    "note taker",
    "NoteTaker",
    "Ｃｒａｉｇ",
  ])("is recognised by the name of a bot: %s", (name) => {
    expect(knownAsRecorder(bot(name), SELF)).toBe("name");
    expect(knownAsRecorder(bot("bot", name), SELF)).toBe("name");
  });

  test.each(["Jukebox", "Craigslist", "Record Store", "Music for the record", "Otter", "Soundboard"])(
    "is not every bot: %s",
    (name) => {
      expect(knownAsRecorder(bot(name), SELF)).toBeUndefined();
    },
  );

  test("is never a person, whatever their name or id", () => {
    expect(knownAsRecorder({ ...bot("Craig"), bot: false }, SELF)).toBeUndefined();
    expect(knownAsRecorder({ ...bot("Recorder", "Craig", "272937604339466240"), bot: false }, SELF)).toBeUndefined();
  });

  test("is never the bot itself", () => {
    expect(knownAsRecorder(bot("Craig", "Recorder", SELF), SELF)).toBeUndefined();
  });
});
