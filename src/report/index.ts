/** The HTML report: plain data in, one file that needs nothing else out. @module lanewise/report */
export { renderReport } from './report.js';
export type {
  ClassifierEpoch, ClassifierReport, EnvironmentReport, EpochReport, LabelledImage, LayerReport, Mistake, NetworkReport, Operations, Prediction,
  PredictorReport, ReportData, Signal,
} from './report-data.js';
