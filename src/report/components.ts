import { html, type Html, type HtmlValue } from './html.js';

/** A panel with a heading. `wide` takes the whole row. */
export function card(heading: string, content: HtmlValue, wide = false): Html {
  return html`<section class="card${wide && ' wide'}">
    <h3>${heading}</h3>
    ${content}
  </section>`;
}

/** A picture or a table with a caption under it. */
export function figure(content: HtmlValue, caption: HtmlValue): Html {
  return html`<figure>
    ${content}
    <figcaption>${caption}</figcaption>
  </figure>`;
}

/** A large number with its name. */
export interface KeyFigure {
  name: string;
  value: string;
  /** A word more, in small print. */
  remark?: string;
}

export function keyFigures(figures: readonly KeyFigure[]): Html {
  return html`<dl class="figures">
    ${figures.map(
      ({ name, value, remark }) =>
        html`<div><dt>${name}</dt><dd>${value}${remark && html`<small>${remark}</small>`}</dd></div>`,
    )}
  </dl>`;
}

export interface Column {
  name: HtmlValue;
  /** Aligned to the right, figures of one width. */
  numeric?: boolean;
}

export interface TableOptions {
  /** Read out with the table; shown by the caption of the figure around it. */
  label: string;
  total?: readonly HtmlValue[];
}

/** A table whose first cell of each row is its heading. It scrolls sideways where the page is too narrow. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly HtmlValue[])[],
  { label, total }: TableOptions,
): Html {
  const cell = (value: HtmlValue, index: number): Html =>
    index === 0
      ? html`<th scope="row">${value}</th>`
      : html`<td${columns[index]?.numeric && html` class="numeric"`}>${value}</td>`;
  return scrollable(
    label,
    html`<table>
      <thead>
        <tr>
          ${columns.map(
            ({ name, numeric }) => html`<th scope="col"${numeric && html` class="numeric"`}>${name}</th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${rows.map((row) => html`<tr>${row.map(cell)}</tr>`)}
      </tbody>
      ${total && html`<tfoot><tr>${total.map(cell)}</tr></tfoot>`}
    </table>`,
  );
}

/** What may be wider than the page, reachable by keyboard. */
export function scrollable(label: string, content: Html): Html {
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0">${content}</div>`;
}

/** A remark that belongs to what is above it. */
export function note(content: HtmlValue): Html {
  return html`<p class="note">${content}</p>`;
}
