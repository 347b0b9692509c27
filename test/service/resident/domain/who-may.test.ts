import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ACTIONS, DEFAULT_GUILD_SETTINGS } from "../../../../src/service/resident/domain/guild-settings.ts";
import { type AskedCall, type Asker, whoMay } from "../../../../src/service/resident/domain/who-may.ts";

const [ADMINISTRATOR, MANAGE_GUILD, VIEW_AND_CONNECT] = [1n << 3n, 1n << 5n, (1n << 10n) | (1n << 20n)];
const CHANNEL_ID = "200000000000000001";
const ROLE_ID = "400000000000000001";

const asker = (changes: Partial<Asker> = {}): Asker => ({
  ...{ userId: "600000000000000001", roleIds: [], permissions: 0n, voiceChannelId: null },
  ...changes,
});
const CALL: AskedCall = {
  ...{ voiceChannelId: CHANNEL_ID, startedBy: "600000000000000009", channelPermissions: VIEW_AND_CONNECT },
};
const withRole = (action: (typeof ACTIONS)[number]) => ({
  ...DEFAULT_GUILD_SETTINGS,
  roles: { ...DEFAULT_GUILD_SETTINGS.roles, [action]: [ROLE_ID] },
});
const allowed = (...given: Parameters<typeof whoMay>) => whoMay(...given).allowed;

describe("who may", () => {
  it("by default: those in the channel start and stop, the starter stops and gets, Manage Server everything", () => {
    const there = asker({ voiceChannelId: CHANNEL_ID });
    const starter = asker({ userId: "600000000000000009" });
    const manager = asker({ permissions: MANAGE_GUILD });
    const by = (who: Asker) => ACTIONS.map((action) => allowed(action, who, DEFAULT_GUILD_SETTINGS, CALL));
    expect(by(asker())).toEqual([false, false, false, false]);
    expect(by(there)).toEqual([true, true, false, false]);
    expect(by(starter)).toEqual([false, true, true, false]);
    expect(by(manager)).toEqual([true, true, true, true]);
    expect(by(asker({ permissions: ADMINISTRATOR }))).toEqual([true, true, true, true]);
  });

  it("a role replaces the people of the channel, and not the starter or Manage Server", () => {
    const there = asker({ voiceChannelId: CHANNEL_ID });
    expect(allowed("stop", there, withRole("stop"), CALL)).toBe(false);
    expect(allowed("stop", asker({ userId: "600000000000000009" }), withRole("stop"), CALL)).toBe(true);
    expect(allowed("stop", asker({ permissions: MANAGE_GUILD }), withRole("stop"), CALL)).toBe(true);
  });

  it("nobody starts a recording of a channel that they cannot join, even with the role", () => {
    const member = asker({ roleIds: [ROLE_ID] });
    const hidden = { ...CALL, channelPermissions: 1n << 10n };
    expect(allowed("start", member, withRole("start"), CALL)).toBe(true);
    expect(whoMay("start", member, withRole("start"), hidden)).toMatchObject({
      why: expect.stringContaining("cannot join"),
    });
  });

  it("a refusal says who may, for everybody and every action", () => {
    const askers = fc.record({
      userId: fc.constantFrom("600000000000000001", "600000000000000009"),
      roleIds: fc.subarray([ROLE_ID]),
      permissions: fc.constantFrom(0n, MANAGE_GUILD, VIEW_AND_CONNECT),
      voiceChannelId: fc.constantFrom(null, CHANNEL_ID),
    });
    fc.assert(
      fc.property(askers, fc.constantFrom(...ACTIONS), fc.boolean(), (who, action, hasRole) => {
        const settings = hasRole ? withRole(action) : DEFAULT_GUILD_SETTINGS;
        const may = whoMay(action, who, settings, CALL);
        if (who.permissions === MANAGE_GUILD) expect(may.allowed).toBe(true);
        if (hasRole && who.roleIds.includes(ROLE_ID)) expect(may.allowed).toBe(true);
        if (!may.allowed) expect(may.why).toMatch(/^You may not .*Manage Server\.$/);
      }),
    );
  });
});
