/**
 * The folder of our package.json, as a URL that ends with a slash: the checkout, the installed package or the image.
 *
 * The bundle's files are in `dist/cli/`, as deep below it as this file. So files that ship next to the code are found by
 * this URL, never by the `import.meta.url` of the file that needs them.
 */
export const PACKAGE_ROOT = new URL("../../", import.meta.url);
