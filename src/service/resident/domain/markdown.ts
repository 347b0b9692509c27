/** Discord's Markdown, mentions and links, made harmless: each of their characters gets a backslash. Pure. */
export function plain(text: string): string {
  return text.replaceAll(/[\\*_~`|>#[\]()<@:-]/g, "\\$&");
}
