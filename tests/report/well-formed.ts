import assert from 'node:assert/strict';

const MARKUP = /<!doctype html>|<(\/?)([A-Za-z][\w:-]*)((?:\s+[A-Za-z][\w:.-]*="[^"<]*")*)\s*(\/?)>/gy;
const ATTRIBUTE = /([A-Za-z][\w:.-]*)="([^"]*)"/g;
const REFERENCE = /&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[\da-fA-F]+);)/;

/**
 * Fails unless the text is well-formed by the rules of XML: every element closed in its order, every attribute quoted and
 * given once, no stray `<` or `&`.
 */
export function assertWellFormed(text: string): void {
  const open: string[] = [];
  let position = 0;
  while (position < text.length) {
    const next = text.indexOf('<', position);
    checkText(text.slice(position, next < 0 ? text.length : next));
    if (next < 0) break;
    MARKUP.lastIndex = next;
    const match = MARKUP.exec(text);
    assert.ok(match, `not a tag: ${text.slice(next, next + 80)}`);
    const [, closing, name, attributes = '', selfClosing] = match;
    checkAttributes(attributes);
    if (closing) assert.equal(open.pop(), name, `closed out of order: ${text.slice(next - 80, next + 20)}`);
    else if (name && !selfClosing) open.push(name);
    position = MARKUP.lastIndex;
  }
  assert.deepEqual(open, [], 'elements left open');
}

function checkAttributes(attributes: string): void {
  const names = [...attributes.matchAll(ATTRIBUTE)].map(([, name = '', value = '']) => {
    checkText(value);
    return name;
  });
  assert.equal(new Set(names).size, names.length, `an attribute given twice: ${attributes}`);
}

function checkText(text: string): void {
  assert.doesNotMatch(text, REFERENCE);
}
