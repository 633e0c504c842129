/** Browsers that are installed on this machine, driven from a test. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';

/** A page that a test has open. */
export interface TestPage {
  goto(url: string): Promise<unknown>;
  /** The result of an expression, awaited in the page; it must be JSON. */
  evaluate<Result>(expression: string): Promise<Result>;
  /** Texts of the console and of errors nobody caught, so far. */
  readonly messages: readonly string[];
  close(): Promise<void>;
}

export interface TestBrowser {
  readonly name: string;
  newPage(): Promise<TestPage>;
  close(): Promise<void>;
}

const NAMES = { chromium: ['chromium', 'chromium-browser', 'google-chrome'], firefox: ['firefox', 'firefox-esr'] } as const;

export function executable(browser: keyof typeof NAMES): string {
  const variable = browser.toUpperCase();
  const given = process.env[variable];
  if (given) return given;
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const found = NAMES[browser].map((name) => join(folder, name)).find(existsSync);
    if (found) return found;
  }
  throw new Error(
    `These tests need ${browser === 'chromium' ? 'Chromium' : 'Firefox'}, and there is no ${NAMES[browser].join(' or ')} in the PATH. `
    + `On Debian: apt-get install ${browser === 'chromium' ? 'chromium' : 'firefox-esr'}. Or say where it is: ${variable}=/path/to/${browser}`,
  );
}

export async function openChromium(...args: string[]): Promise<TestBrowser> {
  const browser = await chromium.launch({ executablePath: executable('chromium'), args: ['--no-sandbox', ...args] });
  return {
    name: 'Chromium', close: () => browser.close(),
    async newPage() {
      const page = await browser.newPage();
      const messages: string[] = [];
      page.on('console', (message) => messages.push(message.text()));
      page.on('pageerror', (error) => messages.push(error.message));
      return { goto: (url) => page.goto(url), evaluate: (expression) => page.evaluate(expression), messages, close: () => page.close() };
    },
  };
}
