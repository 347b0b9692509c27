import { mkdir, readFile, writeFile } from "node:fs/promises";
import ts from "typescript";

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  strict: true,
  isolatedDeclarations: true,
  verbatimModuleSyntax: true,
};

/** Relative imports of a declaration file. */
const IMPORT = /(?<=\bfrom ")\.\/([\w-]+)\.ts(?=")/g;

/**
 * Writes the type declarations of a folder of sources: of `index.ts` and of what it refers to. Each file is printed from
 * its source only, without checking types, because `npm run check:types` does that.
 *
 * @throws Error if an export has no explicit type
 */
export async function declarations(from: URL, to: URL): Promise<void> {
  await mkdir(to, { recursive: true });
  const written = new Set<string>();
  const write = async (name: string): Promise<void> => {
    if (written.has(name)) return;
    written.add(name);
    const text = await declarationOf(new URL(`${name}.ts`, from));
    await writeFile(new URL(`${name}.d.ts`, to), text.replaceAll(IMPORT, "./$1.js"));
    for (const [, next = ""] of text.matchAll(IMPORT)) await write(next);
  };
  await write("index");
}

async function declarationOf(file: URL): Promise<string> {
  const { outputText, diagnostics = [] } = ts.transpileDeclaration(await readFile(file, "utf8"), {
    fileName: file.pathname,
    compilerOptions: OPTIONS,
    reportDiagnostics: true,
  });
  const [problem] = diagnostics;
  if (problem !== undefined) {
    throw new Error(`${file.pathname}: ${ts.flattenDiagnosticMessageText(problem.messageText, "\n")}`);
  }
  return outputText;
}
