import { Command } from "commander";
import { loadWork } from "../../process/load-work.ts";

export function usageCommand(): Command {
  return new Command("usage")
    .description("show recorded time by day, from a job service")
    .option("--from <time>", "such as 2026-05-01T00:00:00Z; by default 30 days ago")
    .option("--to <time>", "by default now")
    .option("--json", "print one JSON object for each day")
    .action(async (options) => (await loadWork(() => import("./run-usage.ts"))).usage(options));
}
