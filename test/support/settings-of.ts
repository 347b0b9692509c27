import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { ConfigError } from "../../src/errors.ts";
import { type Config, loadConfig } from "../../src/settings/load.ts";
import type { ConfigSources } from "../../src/settings/sources.ts";

/** Loads settings that a test gives, and collects the problems. */

export const TOKEN = "MTAwMDAwMDAwMDAwMDAwMDAx.GhIjKl.a-recognisable-token-0123456789";
export const GUILD_ID = "81384788765712384";
export const CHANNEL_ID = "381870553235193857";
export const MEETING_URL = `discord://${GUILD_ID}/${CHANNEL_ID}`;
export const COMPLETE = { DISCORD_BOT_TOKEN: TOKEN, MEETBOT_MEETING_URL: MEETING_URL };

export const folder = mkdtempSync(join(tmpdir(), "config-"));
afterAll(() => rmSync(folder, { recursive: true }));

export function fileWith(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

export function load(environment: Record<string, string | undefined>, more: Partial<ConfigSources> = {}): Config {
  return loadConfig({ environment: { ...COMPLETE, ...environment }, ...more });
}

/** The problems that loading finds; fails if it finds none. */
export function problemsOf(sources: ConfigSources): readonly string[] {
  try {
    loadConfig(sources);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error("the configuration was accepted");
}

export function problemsWith(environment: Record<string, string | undefined>): readonly string[] {
  return problemsOf({ environment: { ...COMPLETE, ...environment } });
}
