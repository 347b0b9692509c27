import { PermissionFlagsBits } from "discord-api-types/v10";
import { describe, expect, it } from "vitest";
import { applicationIdIn, inviteUrl, permissionsFor } from "../../../src/discord/guild/features.ts";

const NOTHING = { chat: false, notices: false, spokenNotice: false, nickname: false };

describe("the permission number", () => {
  it.each([
    ["recording alone", {}, 36_701_184n],
    ["chat", { chat: true }, 36_766_720n],
    ["notices", { notices: true }, 36_703_232n],
    ["chat and notices", { chat: true, notices: true }, 36_768_768n],
    ["a spoken notice, for which recording's Speak is enough", { spokenNotice: true }, 36_701_184n],
    ["a nickname", { nickname: true }, 36_701_184n + PermissionFlagsBits.ChangeNickname],
  ])("of %s", (_, features, number) => {
    expect(permissionsFor({ ...NOTHING, ...features })).toBe(number);
  });
});

it("The invite link contains the application, the bot scope and the permission number.", () => {
  const url = new URL(inviteUrl("123456789012345678", { ...NOTHING, notices: true }));
  expect(url.origin + url.pathname).toBe("https://discord.com/oauth2/authorize");
  expect(Object.fromEntries(url.searchParams)).toEqual({
    client_id: "123456789012345678",
    scope: "bot applications.commands",
    permissions: "36703232",
  });
});

it("The first part of a token is the application's id, if it holds one.", () => {
  expect(applicationIdIn("MTIzNDU2Nzg5MDEyMzQ1Njc4.GWrong.secret")).toBe("123456789012345678");
  expect(applicationIdIn("bm90IGFuIGlk.GWrong.secret")).toBeUndefined();
});
