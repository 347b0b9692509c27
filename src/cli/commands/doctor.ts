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
    .description("check whether a job could record, and say what to do where it could not")
    .addArgument(channelArgument())
    .option("--config <file>", "JSON file with settings; the environment wins")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Takes the settings of record, joins nothing and records nothing: settings, spool, storage, token, intents, server, channels
and permissions are looked at. Prints one line a check, what has to be mended last, then the link that invites the bot with the permissions it needs, and
in the last line whether a job would start.
Exits 0 where a job would start, and with the job's own exit code where it would not.

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

/** Settings that cannot be used are checks of their own, since nothing else can be looked at then. */
async function examine(
  meetingUrl: string | undefined,
  file: string | undefined,
): Promise<Examination & { readonly secrets: readonly string[] }> {
  try {
    const config = loadConfig({ environment: process.env, file, meetingUrl });
    for (const name of SECRET_NAMES) delete process.env[name];
    const { composeExamination } = await import("../../compose/examination.ts");
    return { ...(await composeExamination(config)), secrets: config.secrets };
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

/** What is to be done comes last, where a terminal still shows it. */
function textOf(checks: readonly CheckResult[], invite: string | null): string {
  const sorted = checks.toSorted((a, b) => LAST[a.status] - LAST[b.status]);
  const lines = sorted.map(({ name, status, detail, fix }, index) => {
    // Several problems with one remedy have it behind the last of them.
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
    return `a job would not start and would exit with ${exitCodeOf(checks)}: ${things} to be mended first (FAIL)`;
  }
  if (warns === 0) return "a job would start: nothing is left to do";
  return `a job would start, but not as it should: see ${warns === 1 ? "the line" : `the ${warns} lines`} with WARN`;
}
