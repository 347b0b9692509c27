import { Command, InvalidArgumentError, Option } from "commander";
import { typed } from "../../../invocation.ts";
import { DEFAULT_OVERLAP_HOURS, MAX_OVERLAP_HOURS } from "../../../service/domain/secret-overlap.ts";
import { loadWork } from "../../process/load-work.ts";
import type { CreateOptions, RotateOptions } from "./run-keys.ts";

const CONFIG = ["--config <file>", "JSON file with settings of the service; the environment wins"] as const;

export function keysCommand(): Command {
  return new Command("keys")
    .description("make, list and revoke API keys of the job service, and replace their webhook secrets")
    .addCommand(createCommand())
    .addCommand(rotateCommand())
    .addCommand(
      new Command("ls")
        .description("list all keys; the keys themselves are not stored")
        .option(...CONFIG)
        .action(async ({ config }: { readonly config?: string }) => {
          const { listKeys } = await loadWork(() => import("./run-keys.ts"));
          await listKeys(config);
        }),
    )
    .addCommand(
      new Command("revoke")
        .description("revoke a key at once; its jobs continue")
        .argument("<id>", "the key's id, as ls shows it")
        .option(...CONFIG)
        .action(async (id: string, { config }: { readonly config?: string }) => {
          const { revokeKey } = await loadWork(() => import("./run-keys.ts"));
          await revokeKey(id, config);
        }),
    )
    .addHelpText(
      "after",
      `
The commands work on the data folder of the service, on the machine that has it, also while the service runs.

Examples:
  ${typed("keys")} create --consumer acme
  ${typed("keys")} create --consumer acme --mode test
  ${typed("keys")} ls
  ${typed("keys")} rotate-secret key_01JDM0000000000000000000AB`,
    );
}

function createCommand(): Command {
  return new Command("create")
    .description("make a key, and show it and its webhook secret once")
    .requiredOption("--consumer <name>", "whose key it is; made if there is none with this name")
    .option("--name <name>", "what the key is for", "key")
    .addOption(
      new Option("--mode <mode>", "live joins Discord; test plays recorded calls")
        .choices(["live", "test"])
        .default("live"),
    )
    .addOption(
      new Option("--role <role>", "an operator may also ask for the state of the host")
        .choices(["customer", "operator"])
        .default("customer"),
    )
    .option("--max-concurrent <jobs>", "live jobs at the same time; 0 allows none; 10 by default", wholeNumber)
    .option("--storage <uri>", "where the recordings of this key go, file:DIR or s3://BUCKET/PREFIX")
    .option(...CONFIG)
    .action(async (options: CreateOptions) => {
      const { addKey } = await loadWork(() => import("./run-keys.ts"));
      await addKey(options);
    });
}

function rotateCommand(): Command {
  return new Command("rotate-secret")
    .description("give a key a new webhook secret, and show it once; events have signatures of both for a while")
    .argument("<id>", "the key's id, as ls shows it")
    .option(
      "--overlap-hours <hours>",
      `how long the secret before is valid too, 0 to ${MAX_OVERLAP_HOURS}; 0 ends it at once`,
      overlapHours,
      DEFAULT_OVERLAP_HOURS,
    )
    .option(...CONFIG)
    .action(async (id: string, options: RotateOptions) => {
      const { rotateKeySecret } = await loadWork(() => import("./run-keys.ts"));
      await rotateKeySecret(id, options);
    });
}

function overlapHours(text: string): number {
  const hours = /^\d{1,3}$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
  if (hours > MAX_OVERLAP_HOURS) {
    throw new InvalidArgumentError(`expected a whole number from 0 to ${MAX_OVERLAP_HOURS}`);
  }
  return hours;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError("expected a whole number from 0 to 999999");
  return Number(text);
}
