import { deviceLogin } from "../../client/device-login.ts";
import { baseUrlOf, clientWith } from "../../client/environment.ts";
import { endWith } from "../../client/outcome.ts";
import { type OutputOptions, printRecord } from "../../client/output.ts";
import { removeSavedKey, saveKey } from "../../client/saved-key.ts";

export async function login({ token, ...output }: OutputOptions & { readonly token?: string }): Promise<void> {
  await endWith(async () => {
    const { env } = process;
    const key =
      token?.trim() ??
      (await deviceLogin(baseUrlOf(env), (code) => {
        printRecord(code, `open ${code.verificationUrl}\nand confirm the code ${code.userCode}`, output);
      }));
    // A key that does not work is not kept.
    const { name, key: known } = await clientWith(
      key,
      env,
      token === undefined ? "the key from the service" : "--token",
    ).meetbot.getConsumer();
    const file = await saveKey(env, key);
    const { shownPrefix, mode } = known;
    printRecord(
      { consumer: name, key: shownPrefix, mode, file },
      `logged in as ${name} with ${shownPrefix}; kept in ${file}`,
      output,
    );
    return undefined;
  });
}

export async function logout(output: OutputOptions): Promise<void> {
  await endWith(async () => {
    const removed = await removeSavedKey(process.env);
    printRecord({ removed }, removed ? "logged out" : "nobody was logged in", output);
    return undefined;
  });
}
