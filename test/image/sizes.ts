import type { LayerFile } from "./image.ts";

/** How many bytes each folder of the app has, and each package in it; the largest first. */
export function sizesByFolder(files: readonly LayerFile[]): [folder: string, bytes: number][] {
  const sizes = new Map<string, number>();
  for (const { path, bytes } of files) {
    const [folder = path] = /^app\/(?:node_modules\/(?:@[^/]+\/)?[^/]+|[^/]+)/.exec(path) ?? [];
    sizes.set(folder, (sizes.get(folder) ?? 0) + bytes);
  }
  return [...sizes].toSorted(([, a], [, b]) => b - a);
}

export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1).padStart(6);
}
