/** What each sealed text is for. A text that is put into another row or column cannot be opened there. */

export const sealPurpose = {
  botToken: (jobId: string): string => `bot token of ${jobId}`,
  /** JSON of the type `Webhooks`. */
  webhooks: (jobId: string): string => `webhooks of ${jobId}`,
  controlToken: (jobId: string): string => `control token of ${jobId}`,
  webhookSecret: (keyId: string): string => `webhook secret of ${keyId}`,
  /** An API key that a login waits for. */
  cliAuthKey: (userCode: string): string => `API key for the login ${userCode}`,
} as const;
