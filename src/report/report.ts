import { classifierFigures, classifierSection, standInBanner } from './classifier.js';
import { keyFigures, type KeyFigure } from './components.js';
import { environmentSection, networksOf } from './environment.js';
import { count, dateTime } from './format.js';
import { html, trusted, type Html } from './html.js';
import { predictorFigures, predictorSection } from './predictor.js';
import type { ReportData } from './report-data.js';
import { STYLES } from './styles.js';

/** The page may use what it holds and nothing else. */
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

/**
 * A report as one HTML file that needs nothing else: styles and pictures are inside, there are no scripts, and nothing is
 * loaded.
 * @throws LanewiseError `invalid-shape` when an image has not the size of the classifier's input.
 */
export function renderReport(data: ReportData): string {
  const { title, classifier, predictor } = data;
  return html`${trusted('<!doctype html>')}
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
    <link rel="icon" href="data:," />
    <title>${title}</title>
    <style>${trusted(STYLES)}</style>
  </head>
  <body>
    ${header(data)}
    <main>
      ${classifier && classifierSection(classifier)} ${predictor && predictorSection(predictor)} ${environmentSection(data)}
    </main>
    <footer>Made by Lanewise ${data.environment.lanewise}, ${dateTime(data.createdAt)}.</footer>
  </body>
</html>
`.text;
}

function header(data: ReportData): Html {
  const { title, createdAt, environment, classifier, predictor } = data;
  return html`<header>
    <p class="brand">Lanewise</p>
    <h1>${title}</h1>
    <p class="lede">
      ${dateTime(createdAt)} · WebAssembly SIMD on the CPU, ${environment.build} build,
      ${count(environment.threads, 'thread')} · ${environment.cpu}
    </p>
    ${classifier && standInBanner(classifier)}
    <div class="glance">
      ${classifier && glance('#classifier', classifier.name, classifierFigures(classifier))}
      ${predictor && glance('#predictor', predictor.name, predictorFigures(predictor))}
    </div>
    ${networksOf(data).length === 0 && html`<p class="nothing">This report holds no network.</p>`}
  </header>`;
}

/** The key figures of one network, with the way to its section. */
function glance(target: string, name: string, figures: readonly KeyFigure[]): Html {
  return html`<section class="card">
    <h2><a href="${target}">${name}</a></h2>
    ${keyFigures(figures)}
  </section>`;
}
