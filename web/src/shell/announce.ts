/** What a screen reader is told: pauses, alerts, gaps; not each row. The region stands in the page's frame. */
let region: HTMLElement | null = null;

export function announceIn(element: HTMLElement | null): void {
  region = element;
}

export function announce(text: string): void {
  if (region) region.textContent = text;
}
