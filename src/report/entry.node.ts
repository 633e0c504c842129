/** Entry point of the report in Node, where plots need a document to be drawn in. */
import { parseHTML } from 'linkedom';
import { useDocument } from './document.js';

useDocument(parseHTML('<!doctype html><html><body></body></html>').document);
export * from './index.js';
