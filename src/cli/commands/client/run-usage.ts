import { clientOf } from "../../client/environment.ts";
import { endWith } from "../../client/outcome.ts";
import { type OutputOptions, printList, printRecord } from "../../client/output.ts";

export interface UsageOptions extends OutputOptions {
  readonly from?: string;
  readonly to?: string;
}

export async function usage({ from, to, ...output }: UsageOptions): Promise<void> {
  await endWith(async () => {
    const { meetbot } = await clientOf(process.env);
    const { days, seconds, billedSeconds } = await meetbot.getUsage({ from, to });
    printList(
      days,
      ["day", "jobs", "recorded", "billed"],
      (day) => [day.day, String(day.jobs), hours(day.seconds), hours(day.billedSeconds)],
      output,
    );
    if (output.json !== true)
      printRecord({}, `in all ${hours(seconds)} recorded, ${hours(billedSeconds)} billed`, output);
    return undefined;
  });
}

function hours(seconds: number): string {
  return `${(seconds / 3_600).toFixed(2)} h`;
}
