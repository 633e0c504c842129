import { svg, html, type TemplateResult } from 'lit-html';

const PATHS = {
  play: svg`<path d="M7 4.5v15l12.5-7.5z"/>`,
  pause: svg`<path d="M6 4.5h4v15H6zM14 4.5h4v15h-4z"/>`,
  again: svg`<path d="M12 5V1.5L6.5 6.5 12 11.5V8a5.5 5.5 0 1 1-5.5 5.5H3.5A8.5 8.5 0 1 0 12 5z"/>`,
  reset: svg`<path d="M12 5V1.5L6.5 6.5 12 11.5V8a5.5 5.5 0 1 1-5.5 5.5H3.5A8.5 8.5 0 1 0 12 5z"/>`,
  dice: svg`<path d="M5 3h14a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zm3 3.2A1.8 1.8 0 1 0 8 9.8 1.8 1.8 0 0 0 8 6.2zm8 8A1.8 1.8 0 1 0 16 17.8 1.8 1.8 0 0 0 16 14.2zm-4-4A1.8 1.8 0 1 0 12 13.8 1.8 1.8 0 0 0 12 10.2z"/>`,
  close: svg`<path d="m6.4 5 5.6 5.6L17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4-5.6-5.6L6.4 19 5 17.6l5.6-5.6L5 6.4z"/>`,
  auto: svg`<path d="M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm0 2v14a7 7 0 0 1 0-14z"/>`,
  light: svg`<path d="M12 7.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM11 1.5h2v3.5h-2zM11 19h2v3.5h-2zM1.5 11H5v2H1.5zM19 11h3.5v2H19zM4 5.4 5.4 4l2.5 2.5-1.4 1.4zM16.1 17.5l1.4-1.4L20 18.6 18.6 20zM4 18.6l2.5-2.5 1.4 1.4L5.4 20zM16.1 6.5 18.6 4 20 5.4l-2.5 2.5z"/>`,
  dark: svg`<path d="M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z"/>`,
} as const;

export function icon(name: keyof typeof PATHS): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" fill="currentColor" fill-rule="evenodd">${PATHS[name]}</svg>`;
}
