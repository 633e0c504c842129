/**
 * A peer's side of the talk with peers.ts: one line of JSON asks, one answers.
 *
 *   → {"prepare": case, "variant": name}    makes the work ready and does it once        ← {"milliseconds": …}
 *   → {"round": variant, "seconds": s}      does it for about s seconds, once at least   ← {"milliseconds": median}
 *   → {"drop": true}                        lets all variants go                         ← {}
 *
 * At first the peer says what it is: {"version", "threads", "compiles", "variants": {case: [names]}}, a case done in one way having the variant "".
 * What it cannot do it answers with {"error"}.
 */
import { createInterface } from 'node:readline';

/**
 * cases: for each name what makes its work ready, or an object of variants. Making gives `{ run, close }`; `run` does the work once and may be
 * asynchronous.
 */
export async function serve(about, cases) {
  // a library's own remarks must not get in between
  const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
  console.log = console.error;
  say({ ...about, variants: Object.fromEntries(Object.entries(cases).map(([name, make]) => [name, typeof make === 'function' ? [''] : Object.keys(make)])) });
  const works = new Map();
  for await (const line of createInterface({ input: process.stdin })) {
    const question = JSON.parse(line);
    try {
      if (question.prepare) {
        const make = cases[question.prepare];
        works.set(question.variant, await (question.variant ? make[question.variant] : make)());
        say({ milliseconds: await clock(works.get(question.variant).run) });
      } else if (question.round !== undefined) {
        say({ milliseconds: await round(works.get(question.round).run, question.seconds) });
      } else {
        for (const work of works.values()) work.close?.();
        works.clear();
        say({});
      }
    } catch (error) {
      say({ error: String(error?.message ?? error).slice(0, 300) });
    }
  }
}

async function clock(run) {
  const begin = performance.now();
  await run();
  return performance.now() - begin;
}

/** The median of as many times as fit into so many seconds. */
async function round(run, seconds) {
  const times = [];
  for (const end = performance.now() + 1000 * seconds; times.length === 0 || performance.now() < end;) times.push(await clock(run));
  return times.sort((a, b) => a - b)[times.length >> 1];
}
