// What `serve` does. `serve.ts` describes the command and loads this file only to run it.
import { type RunningService, startService } from "../../../compose/service.ts";
import { typed } from "../../../invocation.ts";
import { createLog, Redactor } from "../../../pino-log.ts";
import { loadServiceConfig } from "../../../settings/service.ts";
import { printable } from "../../../text/safe-text.ts";
import { OWN_COMMAND } from "../../process/worker-process.ts";

const OWN_SECRETS = [
  "MEETBOT_SERVICE_SEALING_KEY",
  "MEETBOT_SERVICE_DATABASE",
  "MEETBOT_BOT_TOKEN",
  "MEETBOT_BOT_POOL",
] as const;

/** @returns the exit code */
export async function serve(file: string | undefined): Promise<number> {
  const config = loadServiceConfig({ environment: process.env, file });
  // Nothing later needs it in the environment.
  for (const name of OWN_SECRETS) delete process.env[name];
  const { token, pool = [] } = config.resident ?? {};
  const secrets = [
    config.sealingKey,
    config.database,
    passwordOf(config.database),
    token,
    ...pool,
    ...Object.values(config.s3.secrets),
  ];
  const redactor = new Redactor(secrets.filter((secret) => secret !== undefined));
  const log = createLog({ level: config.logLevel, redactor, destination: process.stderr });
  // From here on, so that a signal while it starts ends it in order too.
  const signalled = Promise.race([signalOf("SIGTERM"), signalOf("SIGINT")]);
  const service = await startService(config, { command: OWN_COMMAND, log });
  log.info({ address: service.address, dataFolder: config.dataDirectory }, "the service listens");
  if (service.firstKey !== undefined) process.stdout.write(welcome(service, service.firstKey));
  const signal = await Promise.race([signalled, service.lost]);
  if (signal === undefined) log.error({}, "the service ends: another one has taken its database meanwhile");
  else log.info({ signal }, "the service ends");
  // In a container all processes end with the first one.
  if (process.pid === 1) await service.endWorkers();
  await service.close();
  return signal === undefined ? 1 : 0;
}

function welcome(
  { address, hasSandbox }: RunningService,
  { key, webhookSecret }: { key: string; webhookSecret: string },
) {
  const sandbox = `
Record a call of the sandbox, and look at it:
  export MEETBOT_API_KEY=${key}
  curl -s ${address}/api/v1/jobs -H "Authorization: Bearer $MEETBOT_API_KEY" -H 'Content-Type: application/json' -d '{"externalId":"first","autoLeave":{"afterSoloSeconds":1}}'
  curl -s "${address}/api/v1/jobs?externalId=first" -H "Authorization: Bearer $MEETBOT_API_KEY"
`;
  const noSandbox = `
This installation has no recorded call for test keys. Set MEETBOT_SERVICE_FIXTURES_DIR, or make a live key:
  ${typed("keys")} create --consumer NAME
`;
  return `${printable(`A first API key was made. It is shown only now: ${key}`)}
Its webhook secret: ${webhookSecret}
The page for people is at ${address}/; sign in with the key.
${hasSandbox ? sandbox : noSandbox}
Or open ${address}/ in a browser, and sign in with the key.
`;
}

function passwordOf(database: string | undefined): string | undefined {
  const password = database === undefined ? undefined : URL.parse(database)?.password;
  return password === undefined ? undefined : decodeURIComponent(password);
}

function signalOf(signal: NodeJS.Signals): Promise<NodeJS.Signals> {
  return new Promise((resolve) => process.once(signal, () => resolve(signal)));
}
