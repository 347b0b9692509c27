// What `backup` and `restore` do. Their own files describe them and load this one only to run it.
import { backUp, restore } from "../../../compose/service-backup.ts";
import { loadServiceConfig } from "../../../settings/service.ts";
import { counted } from "../../../text/counted.ts";
import { printable } from "../../../text/safe-text.ts";

export async function backUpService(file: string, config: string | undefined): Promise<void> {
  const place = loadServiceConfig({ environment: process.env, file: config });
  const { jobs, keys, bytes, sealingKey } = await backUp(place, file);
  process.stdout.write(`${printable(file)} holds ${counted(jobs, "job")} and ${counted(keys, "key")}, ${bytes} bytes, checked.
To restore it you also need the sealing key, which is not in it: ${printable(sealingKey)}
`);
}

export interface RestoreOptions {
  readonly config?: string;
  readonly replace?: boolean;
}

export async function restoreService(file: string, { config, replace = false }: RestoreOptions): Promise<void> {
  const place = loadServiceConfig({ environment: process.env, file: config });
  const { jobs, keys, sealed, replaced } = await restore(place, file, replace);
  if (replaced !== undefined) process.stdout.write(`The database before is in ${printable(replaced)}.\n`);
  process.stdout.write(`${printable(place.dataDirectory)} has ${counted(jobs, "job")} and ${counted(keys, "key")} of the backup; the sealing key opens ${counted(sealed.length, "secret")}.
Start the service. Webhooks that were delivered after the backup may be delivered again, with the same ids.
`);
}
