/** The style sheet of the report: light and dark, wide and narrow, screen and print. */
const COLOURS = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --line: #e3e6eb; --text: #1b2130; --muted: #5c6678; --accent: #2f5fe0;
  --train: #d9730d; --test: #2f5fe0; --clean: #0d8f7f; --truth: #9dbcf5; --level: #5c6678; --bar: #b4bccb;
  --hit: 47 95 224; --miss: 200 80 10; --heat-text: #fff; --invert: 1;
  --warn-page: #fff3d6; --warn-line: #e8a500; --warn-text: #5a3c00;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #10141d; --card: #181e2a; --line: #2a3242; --text: #e8ecf4; --muted: #9aa5b8; --accent: #86a8ff;
    --train: #f5a04a; --test: #7ea2ff; --clean: #3fc9b4; --truth: #3c5d9e; --level: #9aa5b8; --bar: #4a556d;
    --hit: 66 104 214; --miss: 200 90 20; --invert: 0;
    --warn-page: #3a2c07; --warn-line: #e8a500; --warn-text: #ffe3a1;
  }
}
`;

const PAGE = `
* { box-sizing: border-box; }
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif;
}
body > * { max-width: 1160px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 56px; }
.brand { margin: 0; color: var(--accent); font-weight: 650; letter-spacing: .02em; }
h1 { margin: 4px 0 8px; font-size: clamp(1.8rem, 5vw, 2.7rem); line-height: 1.15; letter-spacing: -.025em; text-wrap: balance; }
h2 { margin: 0 0 8px; font-size: 1.6rem; line-height: 1.25; letter-spacing: -.015em; }
h3 { margin: 0 0 12px; font-size: 1.05rem; line-height: 1.3; }
p { margin: 0 0 12px; }
a { color: inherit; text-decoration-color: var(--accent); text-underline-offset: .2em; text-decoration-thickness: 2px; }
.lede { max-width: 92ch; color: var(--muted); overflow-wrap: anywhere; }
.lede b { color: var(--text); font-weight: 600; }
.network { margin-top: 72px; }
.cards, .glance { display: grid; gap: 20px; margin-top: 24px; }
.cards { grid-template-columns: repeat(2, minmax(0, 1fr)); }
.card { min-width: 0; padding: 22px 24px; background: var(--card); border: 1px solid var(--line); border-radius: 14px; }
.wide { grid-column: 1 / -1; }
.glance h2 { font-size: 1.1rem; margin-bottom: 14px; }
footer { padding-top: 40px; padding-bottom: 56px; color: var(--muted); font-size: .85rem; }
.banner {
  margin: 20px 0 0; padding: 16px 20px; background: var(--warn-page); color: var(--warn-text);
  border: 1px solid var(--warn-line); border-left-width: 8px; border-radius: 10px;
}
.banner strong { font-size: 1.15rem; }
.banner p { margin: 4px 0 0; max-width: 85ch; }
.multiples + .note { margin-top: 12px; }
.note, .nothing, .caption { color: var(--muted); font-size: .9rem; max-width: 85ch; }
.note b { color: var(--text); }
.card > :last-child, figure > :last-child { margin-bottom: 0; }
`;

const FIGURES = `
figure { margin: 0; }
.card > figure + *, .card > * + figure { margin-top: 16px; }
figcaption, .caption { margin-top: 10px; color: var(--muted); font-size: .85rem; line-height: 1.45; }
svg { --plot-text: 13px; display: block; width: 100%; height: auto; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0 0 8px; padding: 0; list-style: none; font-size: .85rem; }
.legend li::before { content: ""; display: inline-block; width: 20px; margin-right: 7px; border-top: 3px solid; vertical-align: .25em; }
.legend .train::before { border-color: var(--train); }
.legend .test::before { border-color: var(--test); }
.legend .clean::before { border-color: var(--clean); border-top-style: dashed; }
.legend .truth::before { border-color: var(--truth); border-top-width: 5px; vertical-align: .15em; }
.legend .level::before { border-color: var(--level); border-top-style: dotted; }
.multiples { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); gap: 18px 24px; }
.multiples figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 12px; margin: 2px 0 0; padding-left: 10%; padding-right: 5%; }
.beside { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 20px 48px; align-items: center; }
.figures { display: grid; grid-template-columns: repeat(5, minmax(0, 1fr)); gap: 16px; margin: 0; }
.figures dt, .pair dt { color: var(--muted); font-size: .82rem; }
.figures dd { margin: 0; font-size: clamp(1.25rem, 2.4vw, 1.75rem); font-weight: 650; line-height: 1.3; letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
.figures div:first-child dd { color: var(--accent); }
.figures small { display: block; color: var(--muted); font-size: .8rem; font-weight: 400; letter-spacing: 0; }
.pair { display: flex; flex-wrap: wrap; gap: 12px 36px; margin: 16px 0 0; }
.pair dd { margin: 0; font-size: 1.5rem; font-weight: 650; font-variant-numeric: tabular-nums; }
.facts { margin: 0; }
.facts div { display: grid; grid-template-columns: 7.5rem minmax(0, 1fr); gap: 12px; padding: 7px 0; border-top: 1px solid var(--line); }
.facts div:first-child { border-top: 0; padding-top: 0; }
.facts dt { color: var(--muted); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.hashes div { display: block; }
.hashes dd { font: .78rem/1.8 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
.flow { display: flex; flex-wrap: wrap; gap: 10px 24px; margin: 0; padding: 0; list-style: none; }
.flow li { position: relative; padding: 6px 10px; border: 1px solid var(--line); border-radius: 9px; font-size: .85rem; line-height: 1.35; }
.flow .weights { border-color: rgb(var(--hit) / .55); background: rgb(var(--hit) / .09); }
.flow li:not(:last-child)::after { content: "→"; position: absolute; right: -20px; top: 50%; transform: translateY(-50%); color: var(--muted); }
.flow b { display: block; font-weight: 600; }
.flow span { color: var(--muted); font-variant-numeric: tabular-nums; white-space: nowrap; }
.samples { display: grid; grid-template-columns: repeat(auto-fill, minmax(186px, 1fr)); gap: 16px 20px; }
.samples b { display: block; margin-bottom: 4px; font-size: .82rem; font-weight: 500; color: var(--muted); }
.samples span { display: flex; flex-wrap: wrap; gap: 4px; }
.samples img, .mistakes img { width: 56px; height: 56px; border-radius: 6px; image-rendering: pixelated; filter: invert(var(--invert)); outline: 1px solid rgb(128 128 128 / .25); outline-offset: -1px; }
.mistakes { display: grid; grid-template-columns: repeat(auto-fill, minmax(200px, 1fr)); gap: 14px 18px; margin: 0; padding: 0; list-style: none; }
.mistakes li { display: flex; gap: 12px; align-items: center; min-width: 0; font-size: .85rem; line-height: 1.4; }
.mistakes img { flex: none; }
.mistakes b { font-weight: 600; }
.mistakes i { color: var(--muted); font-style: normal; font-variant-numeric: tabular-nums; white-space: nowrap; }
`;

const TABLES = `
.scroll { overflow-x: auto; }
.scroll:focus-visible { outline: 2px solid var(--accent); outline-offset: 4px; border-radius: 4px; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: 7px 12px; text-align: left; border-top: 1px solid var(--line); vertical-align: baseline; }
th:first-child, td:first-child { padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
thead th { border-top: 0; color: var(--muted); font-size: .8rem; font-weight: 500; white-space: nowrap; vertical-align: bottom; }
tbody th { font-weight: 500; }
tfoot th, tfoot td { border-top: 2px solid var(--line); font-weight: 650; }
td, tbody th { white-space: nowrap; }
td.numeric, th.numeric { text-align: right; }
tbody small { display: block; white-space: normal; color: var(--muted); font-size: .85em; font-weight: 400; }
.detail { color: var(--muted); }
.share { display: inline-block; min-width: 112px; }
.share::before { content: ""; display: inline-block; width: calc(var(--share) * .56px); height: .7em; border-radius: 2px; background: rgb(var(--hit) / .5); }
.share span { display: inline-block; width: 56px; }
details { margin-top: 14px; font-size: .9rem; }
summary { color: var(--muted); cursor: pointer; }
details table { margin-top: 8px; font-size: .82rem; }
.confusion { table-layout: fixed; min-width: 440px; border-collapse: separate; border-spacing: 2px; font-size: .76rem; }
.confusion th, .confusion td { padding: 0; border: 0; }
.confusion thead th { height: 84px; color: var(--text); font-size: .76rem; }
.confusion thead span { writing-mode: vertical-rl; transform: rotate(180deg); }
.confusion .corner { width: 84px; color: var(--muted); font-size: .7rem; line-height: 1.3; vertical-align: bottom; white-space: normal; }
.confusion tbody th { padding-right: 6px; text-align: right; font-weight: 400; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; vertical-align: middle; }
.confusion td:not(.corner) { height: 33px; border-radius: 4px; text-align: center; vertical-align: middle; }
.hit { background: rgb(var(--hit) / var(--shade, 1)); }
.miss { background: rgb(var(--miss) / var(--shade, 1)); }
.confusion .strong { color: var(--heat-text); }
.confusion .zero { color: var(--muted); opacity: .55; }
.key { display: inline-block; margin-right: 4px; padding: 1px 8px; border-radius: 4px; color: var(--heat-text); }
`;

const NARROW = `
@media screen and (max-width: 1048px) {
  .card:has(.confusion), .card:has(.mistakes) { grid-column: 1 / -1; } /* half the page is too little for all classes side by side */
}
@media screen and (max-width: 820px) {
  .cards, .beside { grid-template-columns: minmax(0, 1fr); }
  .figures { grid-template-columns: repeat(auto-fill, minmax(120px, 1fr)); }
}
@media screen and (max-width: 560px) {
  body > * { padding-left: 14px; padding-right: 14px; }
  header { padding-top: 32px; }
  .card { padding: 18px 16px; }
  .facts div { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .network { margin-top: 52px; }
  svg { --plot-text: 16px; } /* these plots shrink with the page */
  .samples { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 14px; }
  .samples img { width: 44px; height: 44px; }
}
@media print {
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  html { font-size: 10px; }
  body { background: none; }
  body > * { max-width: none; padding-left: 0; padding-right: 0; }
  header { padding-top: 0; }
  .card { padding: 12px 14px; }
  .cards, .glance { gap: 12px; }
  .samples { grid-template-columns: repeat(5, minmax(0, 1fr)); gap: 10px; }
  .samples img, .mistakes img { width: 32px; height: 32px; }
  .multiples { grid-template-columns: repeat(3, minmax(0, 1fr)); }
  .mistakes { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .confusion { min-width: 0; font-size: 8px; }
  .confusion td:not(.corner) { height: 22px; }
  th, td { padding: 4px 6px; }
  details { display: none; }
  .card, .banner, figure { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .network { margin-top: 28px; }
  .scroll { overflow: visible; }
}
`;

export const STYLES = [COLOURS, PAGE, FIGURES, TABLES, NARROW].join('');
