/** A web server for tests: the repository's files and pages given as text, with the headers of one kind of site. */
import { build } from 'esbuild';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.ts': 'text/javascript', '.css': 'text/css', '.json': 'application/json',
  '.wasm': 'application/wasm',
};

export interface SiteOptions {
  /** Whether pages are cross-origin isolated, so that workers may share memory. */
  isolated?: boolean;
  /** A content security policy. */
  csp?: string;
  /** Folder of the files. Default: the repository. */
  root?: string;
  /** Pages and files by path, which come before files on the disk. */
  pages?: Readonly<Record<string, string | Uint8Array>>;
}

export interface Site {
  readonly url: string;
  close(): void;
}

/** A page with nothing on it. */
const BLANK = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>test</title><body></body>';

/** A page that asks the test (at the URL after `#`) for expressions and answers with what they come to: see firefox.ts. */
const DRIVEN = `${BLANK}<script type="module">
const control = location.hash.slice(1);
for (;;) {
  const expression = await (await fetch(control)).text();
  const reply = await (async () => ({ value: await (0, eval)(expression) }))().catch((error) => ({ error: String(error) }));
  await fetch(control, { method: 'POST', body: JSON.stringify(reply) });
}
</script>`;

export async function serve({ isolated = false, csp, root = ROOT, pages = {} }: SiteOptions = {}): Promise<Site> {
  const all: Record<string, string | Uint8Array> = { '/': BLANK, '/driven': DRIVEN, ...pages };
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url!, 'http://localhost').pathname);
    const headers: Record<string, string> = {
      'content-type': TYPES[extname(path)] ?? 'text/html', 'cache-control': 'no-store',
      ...(isolated && { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' }),
      ...(csp !== undefined && { 'content-security-policy': csp }),
    };
    contentsOf(all[path], join(root, normalize(path))).then(
      (contents) => response.writeHead(200, headers).end(contents),
      () => response.writeHead(404, { ...headers, 'content-type': 'text/plain' }).end('not found'),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://localhost:${port}/`, close: () => closeAll(server) };
}

async function contentsOf(page: string | Uint8Array | undefined, file: string): Promise<string | Uint8Array> {
  if (page !== undefined) return page;
  return extname(file) === '.ts' ? javascriptOf(file) : readFile(file);
}

/** What a page may load of a test's TypeScript. */
export async function javascriptOf(file: string): Promise<string> {
  const { outputFiles: [script] } = await build({ entryPoints: [file], bundle: true, format: 'esm', write: false, target: 'es2022' });
  return script!.text;
}

function closeAll(server: Server): void {
  server.close();
  server.closeAllConnections();
}
