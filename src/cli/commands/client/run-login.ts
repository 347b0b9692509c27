import { text as textOf } from "node:stream/consumers";
import { printable } from "../../../text/safe-text.ts";
import { deviceLogin } from "../../client/device-login.ts";
import { clientWith, knownAddress, variableOf } from "../../client/environment.ts";
import { endWith } from "../../client/outcome.ts";
import { type OutputOptions, printRecord } from "../../client/output.ts";
import { removeSavedLogin, saveLogin } from "../../client/saved-login.ts";

export async function login({ token, ...output }: OutputOptions & { readonly token?: string }): Promise<void> {
  await endWith(async () => {
    const { env } = process;
    const address = knownAddress(variableOf(env.MEETBOT_API_BASE_URL));
    const given = token === "-" ? await textOf(process.stdin) : token;
    const key =
      given?.trim() ??
      (await deviceLogin(address, (code) => {
        const { verificationUrl, userCode } = code;
        printRecord(code, printable(`open ${verificationUrl} and confirm the code ${userCode}`), output);
      }));
    const origin = token === undefined ? "the key from the service" : "--token";
    const { meetbot } = clientWith(key, address, env, origin);
    // A key that does not work is not kept.
    const { name, key: known } = await meetbot.getConsumer();
    const file = await saveLogin(env, { key, baseUrl: meetbot.baseUrl });
    const { shownPrefix, mode } = known;
    printRecord(
      { consumer: name, key: shownPrefix, mode, file, baseUrl: meetbot.baseUrl },
      printable(`logged in to ${meetbot.baseUrl} as ${name} with ${shownPrefix}; kept in ${file}`),
      output,
    );
    return undefined;
  });
}

export async function logout(output: OutputOptions): Promise<void> {
  await endWith(async () => {
    const removed = await removeSavedLogin(process.env);
    printRecord({ removed }, removed ? "logged out" : "nobody was logged in", output);
    return undefined;
  });
}
