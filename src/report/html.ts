/** Text that is already HTML. Everything else is escaped when it is put into a template. */
export class Html {
  constructor(readonly text: string) {}
}

export type HtmlValue = Html | string | number | false | undefined | readonly HtmlValue[];

/** A template tag: ``html`<p>${text}</p>` `` escapes strings, keeps `Html`, joins arrays, leaves out false and undefined. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(strings.reduce((text, part, index) => text + toText(values[index - 1]) + part));
}

/** Marks text as HTML, unescaped: only for text that this program made. */
export function trusted(text: string): Html {
  return new Html(text);
}

/** Escapes for element content and for quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function toText(value: HtmlValue): string {
  if (value instanceof Html) return value.text;
  if (value === undefined || value === false) return '';
  if (typeof value === 'string') return escapeHtml(value);
  if (typeof value === 'number') return String(value);
  return value.map(toText).join('');
}
