import { Command } from "commander";
import type { Examination } from "../../compose/examination.ts";
import { ConfigError } from "../../errors.ts";
import { typed } from "../../invocation.ts";
import { Redactor } from "../../redactor.ts";
import { type CheckResult, exitCodeOf } from "../../session/doctor-check.ts";
import { loadConfig } from "../../settings/load.ts";
import { SECRET_NAMES } from "../../settings/settings.ts";
import { printable } from "../../text/safe-text.ts";
import { channelArgument, channelIn } from "../channel-argument.ts";
import { endSoon } from "../process/end-process.ts";

interface DoctorOptions {
  readonly config?: string;
  readonly json?: boolean;
}

export function doctorCommand(): Command {
  return new Command("doctor")
    .description("check whether a job could record, and say what to do if it could not")
    .addArgument(channelArgument())
    .option("--config <file>", "JSON file with settings; the environment wins")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Reads the same settings as record, but joins no call and records nothing. It checks the settings, spool, storage, token,
intents, server, channels and permissions, and prints one line for each check. Problems come last. After them you find a
link that invites the bot with the permissions it needs. The last line says whether a job would start.

Exit code: 0 if a job would start, otherwise the exit code that the job would have.

Examples:
  ${typed("doctor")}
  ${typed("doctor")} https://discord.com/channels/81384788765712384/381870553235193857`,
    )
    .action(async (channel: string[], options: DoctorOptions) => {
      try {
        process.exitCode = await doctor(channelIn(channel), options);
      } finally {
        endSoon();
      }
    });
}

/** @returns the exit code */
async function doctor(meetingUrl: string | undefined, { config: file, json }: DoctorOptions): Promise<number> {
  const { checks, invite, secrets } = await examine(meetingUrl, file);
  const exitCode = exitCodeOf(checks);
  const text = json === true ? JSON.stringify({ exitCode, checks, invite }) : textOf(checks, invite);
  process.stdout.write(new Redactor(secrets).redact(`${text}\n`));
  return exitCode;
}

/** If the settings cannot be used, nothing else can be checked: each problem is a failed check. */
async function examine(
  meetingUrl: string | undefined,
  file: string | undefined,
): Promise<Examination & { readonly secrets: readonly string[] }> {
  try {
    const config = loadConfig({ environment: process.env, file, meetingUrl });
    const exposedSecrets = SECRET_NAMES.filter((name) => (process.env[name] ?? "") !== "");
    for (const name of SECRET_NAMES) delete process.env[name];
    const { composeExamination } = await import("../../compose/examination.ts");
    return { ...(await composeExamination(config, exposedSecrets)), secrets: config.secrets };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const fix = "docs/reference/settings.md lists what each setting accepts";
    const checks = error.problems.map(
      (detail): CheckResult => ({ name: "settings", status: "fail", detail, fix, exitCode: 1 }),
    );
    return { checks, invite: null, secrets: [] };
  }
}

const MARKS = { ok: "ok  ", warn: "WARN", fail: "FAIL" } as const;
const LAST = { ok: 0, warn: 1, fail: 2 } as const;

/** Problems come last, so that a terminal still shows them. */
function textOf(checks: readonly CheckResult[], invite: string | null): string {
  const sorted = checks.toSorted((a, b) => LAST[a.status] - LAST[b.status]);
  const lines = sorted.map(({ name, status, detail, fix }, index) => {
    // Problems with the same fix share it: it follows the last of them.
    const toDo =
      fix === undefined || sorted[index + 1]?.fix === fix ? "" : `${/[.?!]$/.test(detail) ? "" : "."} To do: ${fix}`;
    return printable(`${MARKS[status]}  ${name}: ${detail}${toDo}`);
  });
  return [...lines, ...(invite === null ? [] : [`invite the bot: ${invite}`]), verdictOf(checks)].join("\n");
}

function verdictOf(checks: readonly CheckResult[]): string {
  const count = (status: CheckResult["status"]): number => checks.filter((check) => check.status === status).length;
  const [fails, warns] = [count("fail"), count("warn")];
  if (fails > 0) {
    const things = fails === 1 ? "1 thing has" : `${fails} things have`;
    return `a job would not start and would exit with ${exitCodeOf(checks)}: ${things} to be fixed first (FAIL)`;
  }
  if (warns === 0) return "a job would start: there is nothing to fix";
  return `a job would start, but with limits: see ${warns === 1 ? "the line" : `the ${warns} lines`} with WARN`;
}
