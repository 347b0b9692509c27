/** The purpose of each sealed text. A text that is copied to another row or column cannot be opened there. */

export const sealPurpose = {
  botToken: (jobId: string): string => `bot token of ${jobId}`,
  /** JSON of the type `Webhooks`. */
  webhooks: (jobId: string): string => `webhooks of ${jobId}`,
  controlToken: (jobId: string): string => `control token of ${jobId}`,
  webhookSecret: (keyId: string): string => `webhook secret of ${keyId}`,
  /** The API key for a login that was confirmed. */
  cliAuthKey: (userCode: string): string => `API key for the login ${userCode}`,
} as const;
