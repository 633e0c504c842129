/** Runs in a page of the test, beside the web app as it is built: a browser that has no driver works the app in a frame. */

export interface FrameResult {
  /** Whether the frame may have threads. */
  isolated: boolean;
  headline: string;
  /** Errors nobody caught. */
  complaints: string[];
}

/** Opens a network, trains it until the curve has moved, which may never be, and pauses. */
export async function trainInFrame(task: string): Promise<FrameResult> {
  const frame = document.createElement('iframe');
  frame.style.cssText = 'width: 1280px; height: 900px';
  const complaints: string[] = [];
  frame.src = `/index.html#${task}`;
  document.body.append(frame);
  await new Promise((resolve) => frame.addEventListener('load', resolve, { once: true }));
  const inside = frame.contentWindow as Window & typeof globalThis;
  inside.addEventListener('error', ({ message }) => complaints.push(message));
  inside.addEventListener('unhandledrejection', ({ reason }) => complaints.push(String(reason)));
  const find = <Found extends HTMLElement>(selector: string): Found | null => inside.document.querySelector<Found>(selector);
  const until = async <Found>(condition: () => Found): Promise<NonNullable<Found>> => {
    for (;;) {
      const found = condition();
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const picture = (): string => find<HTMLCanvasElement>('.curve canvas')!.toDataURL();
  const step = (): number => Number(/step ([\d,]+)/.exec(find('.state .note')!.textContent)?.[1]?.replaceAll(',', '') ?? 0);
  const play = await until(() => find('.play:not([disabled])'));
  const before = picture();
  play.click();
  await until(() => step() > 5 && picture() !== before);
  find('.play')!.click();
  await until(() => /Paused/.test(find('.headline')!.innerText));
  return { isolated: inside.crossOriginIsolated, headline: find('.headline')!.innerText, complaints };
}
