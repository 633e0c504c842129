import { card, figure, table } from './components.js';
import { count, duration, integer, metric, milliseconds } from './format.js';
import { html, type Html } from './html.js';
import { flops } from './network.js';
import type { EnvironmentReport, NetworkReport, ReportData } from './report-data.js';

export function environmentSection(data: ReportData): Html {
  return html`<section id="environment" class="network">
    <h2>Environment</h2>
    <div class="cards">${machineCard(data.environment)} ${weightsCard(networksOf(data))} ${timesCard(networksOf(data))}</div>
  </section>`;
}

export function networksOf({ classifier, predictor }: ReportData): NetworkReport[] {
  return [classifier, predictor].filter((network) => network !== undefined);
}

function machineCard({ lanewise, runtime, platform, cpu, cores, threads, build }: EnvironmentReport): Html {
  const facts: [string, string][] = [
    ['Lanewise', lanewise],
    ['Build', build === 'strict' ? 'strict: the same bits on every machine' : 'relaxed: fused multiply-add, bits may differ'],
    ['Threads', `${threads}, on ${count(cores, 'core')}`],
    ['Processor', cpu],
    ['Platform', platform],
    ['Runtime', runtime],
  ];
  return card('Machine and build', html`<dl class="facts">${facts.map(fact)}</dl>`);
}

function fact([name, value]: readonly [string, string]): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

function timesCard(networks: readonly NetworkReport[]): Html {
  const rows = networks.map((network) => [
    network.name,
    integer(network.epochs * network.stepsPerEpoch),
    milliseconds(network.stepMs),
    metric((flops(network.operations.batch) / network.stepMs) * 1000, 'FLOP/s'),
    duration(network.seconds),
  ]);
  const columns = ['Network', 'Steps', 'Median step', 'Rate', 'In all'].map((name, index) => ({ name, numeric: index > 0 }));
  return card(
    'Time',
    figure(
      table(columns, rows, { label: 'Training times' }),
      'Wall time. Rate: operations of a mini-batch, forward and backward, by the time of the median step.',
    ),
    true,
  );
}

function weightsCard(networks: readonly NetworkReport[]): Html {
  const facts = networks.map(({ name, weightsSha256 }) => fact([name, weightsSha256]));
  return card(
    'Final weights',
    figure(
      html`<dl class="facts hashes">${facts}</dl>`,
      'SHA-256. In the strict build the same seed, data and options give the same weights, for any number of threads.',
    ),
  );
}
