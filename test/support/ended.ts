import { onTestFinished, vi } from "vitest";

/** Runs the work of a command in this process. @returns the exit code that it set, and what it printed on stderr */
export async function ended(work: () => Promise<void>): Promise<{ code: typeof process.exitCode; stderr: string }> {
  const { exitCode } = process;
  const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  try {
    await work();
    return { code: process.exitCode, stderr: write.mock.calls.map(([text]) => String(text)).join("") };
  } finally {
    write.mockRestore();
    process.exitCode = exitCode;
  }
}
