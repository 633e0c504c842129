import { writeFileAtomically } from '../../files/whole-file.js';
import type { ReportData } from '../../report/report-data.js';
import { machine } from '../info.js';
import type { ReportSection, Run } from '../tasks/task.js';
import { VERSION } from '../version.js';

/** Gathers what a report shows of some runs, draws it and writes it. */
export async function writeReport(file: string, title: string, runs: readonly Run[]): Promise<void> {
  let sections: ReportSection = {};
  for (const run of runs) sections = { ...sections, ...(await run.task.reportSection(run)) };
  const { model: { threads }, build } = runs[0]!;
  const { node, ...rest } = machine();
  const environment = { lanewise: VERSION, runtime: `Node ${node}`, ...rest, threads, build };
  const data: ReportData = { title, createdAt: new Date(), environment, ...sections };
  const { renderReport } = await import('../../report/entry.node.js'); // slow to load, and seldom needed
  await writeFileAtomically(file, renderReport(data));
}
