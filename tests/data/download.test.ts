import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { download } from '../../src/data/download.js';
import { filesBelow, refusal, withFolder } from './helpers.js';

const BODY = Buffer.from('lanewise '.repeat(20_000));
const SHA256 = createHash('sha256').update(BODY).digest('hex');

/** Serves on this machine alone while `use` runs. */
async function withServer(answer: RequestListener, use: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/file`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Milliseconds that no test waits for, however busy the machine. */
const PATIENT = 60_000;

/** Downloads into a new folder from a server that answers so; `check` gets the outcome and the folder's files. */
function downloading(
  answer: RequestListener,
  check: (outcome: Promise<void>, folder: string) => Promise<void>,
  { stallTimeout = PATIENT, onProgress }: { stallTimeout?: number; onProgress?: (received: number) => void } = {},
): Promise<void> {
  return withServer(answer, (url) =>
    withFolder((folder) => {
      const target = join(folder, 'new', 'file');
      const request = { url, target, bytes: BODY.length, sha256: SHA256, stallTimeout, onProgress };
      return check(download(request), join(folder));
    }),
  );
}

describe('download', () => {
  const refused = (answer: RequestListener, message: RegExp, options = {}) =>
    downloading(answer, async (outcome, folder) => {
      await assert.rejects(outcome, refusal('network-failed', message));
      assert.deepEqual(await filesBelow(folder), []);
    }, options);

  it('stores the file whole and reports progress', async () => {
    const progress: number[] = [];
    const answer: RequestListener = (_, response) => response.end(BODY);
    const check = async (outcome: Promise<void>, folder: string) => {
      await outcome;
      assert.deepEqual(await filesBelow(folder), ['file']);
      assert.deepEqual(await readFile(join(folder, 'new', 'file')), BODY);
    };
    await downloading(answer, check, { onProgress: (received) => progress.push(received) });
    assert.equal(progress.at(-1), BODY.length);
    assert.ok(progress.every((received, i) => received > (progress[i - 1] ?? 0)));
  });

  it('refuses a wrong checksum', () => {
    const other = Buffer.from(BODY);
    other[1000]! ^= 1;
    return refused((_, response) => response.end(other), /wrong SHA-256.*expected [0-9a-f]{64}, received [0-9a-f]{64}/);
  });

  it('refuses a file that is too short or too long', async () => {
    await refused((_, response) => response.end(BODY.subarray(1)), /wrong size.*expected 180000 bytes, received 179999/);
    await refused((_, response) => response.end(Buffer.concat([BODY, BODY])), /wrong size.*received more/);
  });

  it('refuses a transfer that is cut', () =>
    refused((_, response) => {
      response.writeHead(200, { 'content-length': BODY.length });
      response.write(BODY.subarray(0, 1000), () => setTimeout(() => response.destroy(), 20));
    }, /the download failed/));

  it('refuses an error status', () =>
    refused((_, response) => response.writeHead(404).end(BODY), /refused.*received 404/));

  it('gives up when nothing comes, before and after the first bytes', async () => {
    const started = performance.now();
    const options = { stallTimeout: 300 };
    await refused(() => {}, /nothing received for 0\.3 s/, options);
    await refused((_, response) => void response.write(BODY.subarray(0, 1000)), /nothing received for 0\.3 s/, options);
    assert.ok(performance.now() - started < 3000);
  });

  it('waits for a slow server as long as something comes', () =>
    downloading(
      (_, response) => {
        const parts = [0, 1, 2, 3].map((i) => BODY.subarray(i * 45_000, (i + 1) * 45_000));
        const send = (i: number): void => {
          response.write(parts[i]);
          if (i === 3) response.end();
          else setTimeout(send, 700, i + 1); // 2.1 s in all, longer than it waits for any one
        };
        send(0);
      },
      async (outcome) => outcome,
      { stallTimeout: 2000 },
    ));

  it('says why no connection was made', () =>
    withFolder(async (folder) => {
      let closedUrl = '';
      await withServer(() => {}, (url) => {
        closedUrl = url;
        return Promise.resolve();
      });
      const request = { url: closedUrl, target: join(folder, 'file'), bytes: 1, sha256: SHA256, stallTimeout: PATIENT };
      await assert.rejects(download(request), refusal('network-failed', /ECONNREFUSED/));
      assert.deepEqual(await filesBelow(folder), []);
    }));

  it('passes on what the progress callback throws, and cleans up', async () => {
    const answer: RequestListener = (_, response) => response.end(BODY);
    const check = async (outcome: Promise<void>, folder: string) => {
      await assert.rejects(outcome, /^RangeError: stop$/);
      assert.deepEqual(await filesBelow(folder), []);
    };
    const onProgress = (): void => {
      throw new RangeError('stop');
    };
    await downloading(answer, check, { onProgress });
  });

  it('refuses a target that cannot be written', () =>
    withServer((_, response) => response.end(BODY), (url) =>
      withFolder(async (folder) => {
        await writeFile(join(folder, 'taken'), '');
        const target = join(folder, 'taken', 'file');
        const request = { url, target, bytes: BODY.length, sha256: SHA256, stallTimeout: PATIENT };
        await assert.rejects(download(request), refusal('network-failed', /cannot be stored/));
      }),
    ));
});
