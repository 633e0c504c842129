/** The HTML report: plain data in, one file that needs nothing else out. */
export { renderReport } from './report.js';
export type {
  ClassifierEpoch, ClassifierReport, EnvironmentReport, EpochReport, LabelledImage, LayerReport, Mistake, NetworkReport, Operations, Prediction,
  PredictorReport, ReportData, Signal,
} from './report-data.js';
