import { render } from 'lit-html';
import './styles/index.css';
import './lib/theme.js';
import type { Task } from './protocol.js';
import { Session } from './session.js';
import { Page } from './view/page.js';

const root = document.querySelector<HTMLElement>('#app')!;
const sessions = new Map<Task, Session>();
let due = false;

/** Draws the page before the next frame, however often it is asked. */
function changed(): void {
  if (due) return;
  due = true;
  requestAnimationFrame(() => {
    due = false;
    render(page.render(), root);
  });
}

/** A task begins when it is looked at first. */
function session(task: Task): Session {
  let found = sessions.get(task);
  if (!found) sessions.set(task, (found = new Session(task, changed)));
  return found;
}

const page = new Page(session, changed);
changed();

/** Space plays and pauses wherever it does nothing else. */
addEventListener('keydown', (event) => {
  const { target } = event;
  const free = !(target instanceof Element) || !target.closest('button, a, input, select, textarea, summary, label, [tabindex]');
  if (event.key !== ' ' || !free || event.repeat) return;
  event.preventDefault();
  session(page.task).toggle();
});

addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'hidden') for (const each of sessions.values()) void each.store();
});

/** A file dropped beside the places for it must not replace the page. */
for (const type of ['dragover', 'drop'] as const) addEventListener(type, (event) => event.preventDefault());
