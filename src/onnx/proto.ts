/**
 * The parts of ONNX's protocol buffers that an exported model has. Field numbers: onnx/onnx.proto, IR version 9
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
 */
import { PbfWriter } from 'pbf';
import { LanewiseError } from '../errors.js';
import type { Shape } from '../tensor/shape.js';

export type AttributeValue =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly text: string }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] }
  | { readonly texts: readonly string[] };

export interface Node {
  readonly name: string;
  readonly operator: string;
  /** Empty where an optional input is left out. */
  inputs: readonly string[];
  outputs: readonly string[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

/** A constant: a weight, or the sizes that an operator takes as an input. */
export interface Initializer {
  readonly name: string;
  readonly shape: Shape;
  readonly data: Float32Array | BigInt64Array;
}

/** An input or output of the whole model; the batch comes before the shape of a sample. */
export interface Port {
  readonly name: string;
  readonly shape: Shape;
  readonly elementType?: ElementType;
}

export interface ModelProto {
  readonly name: string;
  readonly opset: number;
  readonly nodes: readonly Node[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/** TensorProto.DataType */
const ELEMENT_TYPES = { float: 1, int64: 7 } as const;
export type ElementType = keyof typeof ELEMENT_TYPES;

const IR_VERSION = 9;
/** Readers take a size of at most 2^31 - 1 bytes. */
const MAX_BYTES = 2 ** 31 - 1;
/** More than all that is not a weight can take of it. */
const ROOM = 2 ** 24;
/** The name of the axis that has any size. */
const BATCH = 'batch';

/** @throws LanewiseError `unsupported` for what does not fit into a message of protocol buffers */
export function encodeOnnx(model: ModelProto): Uint8Array<ArrayBuffer> {
  const weightBytes = model.initializers.reduce((sum, { data }) => sum + data.byteLength, 0);
  if (weightBytes > MAX_BYTES - ROOM) {
    throw new LanewiseError('unsupported', 'the weights are more than an ONNX file without external data can hold', {
      where: model.name, expected: `at most ${MAX_BYTES - ROOM} bytes`, received: `${weightBytes} bytes`,
    });
  }
  const pbf = new PbfWriter(new Uint8Array(weightBytes + 4096));
  pbf.writeVarintField(1, IR_VERSION);
  pbf.writeStringField(2, 'lanewise');
  pbf.writeMessage(7, writeGraph, model);
  pbf.writeMessage(8, writeOpset, model.opset);
  return Uint8Array.from(pbf.finish());
}

/** OperatorSetIdProto: the empty domain is ONNX's own. */
function writeOpset(version: number, pbf: PbfWriter): void {
  pbf.writeStringField(1, '');
  pbf.writeVarintField(2, version);
}

function writeGraph({ name, nodes, initializers, inputs, outputs }: ModelProto, pbf: PbfWriter): void {
  for (const node of nodes) pbf.writeMessage(1, writeNode, node);
  pbf.writeStringField(2, name);
  for (const initializer of initializers) pbf.writeMessage(5, writeTensor, initializer);
  for (const port of inputs) pbf.writeMessage(11, writePort, port);
  for (const port of outputs) pbf.writeMessage(12, writePort, port);
}

function writeNode({ name, operator, inputs, outputs, attributes }: Node, pbf: PbfWriter): void {
  for (const input of inputs) pbf.writeStringField(1, input);
  for (const output of outputs) pbf.writeStringField(2, output);
  pbf.writeStringField(3, name);
  pbf.writeStringField(4, operator);
  for (const attribute of Object.entries(attributes)) pbf.writeMessage(5, writeAttribute, attribute);
}

/** Each kind of value has its field, and field 20 says which one it is. */
function writeAttribute([name, value]: [string, AttributeValue], pbf: PbfWriter): void {
  const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
  pbf.writeStringField(1, name);
  if ('float' in value) {
    pbf.writeFloatField(2, value.float);
    pbf.writeVarintField(20, 1);
  } else if ('int' in value) {
    pbf.writeVarintField(3, value.int);
    pbf.writeVarintField(20, 2);
  } else if ('text' in value) {
    pbf.writeBytesField(4, utf8(value.text));
    pbf.writeVarintField(20, 3);
  } else if ('floats' in value) {
    for (const item of value.floats) pbf.writeFloatField(7, item);
    pbf.writeVarintField(20, 6);
  } else if ('ints' in value) {
    for (const item of value.ints) pbf.writeVarintField(8, item);
    pbf.writeVarintField(20, 7);
  } else {
    for (const item of value.texts) pbf.writeBytesField(9, utf8(item));
    pbf.writeVarintField(20, 8);
  }
}

function writeTensor({ name, shape, data }: Initializer, pbf: PbfWriter): void {
  for (const size of shape) pbf.writeVarintField(1, size);
  pbf.writeVarintField(2, ELEMENT_TYPES[data instanceof Float32Array ? 'float' : 'int64']);
  pbf.writeStringField(8, name);
  pbf.writeBytesField(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)); // little-endian, as WebAssembly's memory
}

/** ValueInfoProto, its TypeProto, its Tensor, its TensorShapeProto, and the Dimensions of that. */
function writePort({ name, shape, elementType = 'float' }: Port, port: PbfWriter): void {
  port.writeStringField(1, name);
  port.writeMessage(2, (_port, type) => type.writeMessage(1, (_type, tensor) => {
    tensor.writeVarintField(1, ELEMENT_TYPES[elementType]);
    tensor.writeMessage(2, writeShape, shape);
  }, undefined), undefined);
}

function writeShape(shape: Shape, pbf: PbfWriter): void {
  pbf.writeMessage(1, (_shape, dimension) => dimension.writeStringField(2, BATCH), undefined);
  for (const size of shape) pbf.writeMessage(1, (_shape, dimension) => dimension.writeVarintField(1, size), undefined);
}
