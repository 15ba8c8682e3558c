import { useLayoutEffect, useRef, useState } from 'preact/hooks';

/** The width of an element's content in CSS pixels, again whenever it changes. */
export function useWidth(): readonly [box: { current: HTMLDivElement | null }, width: number] {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(800);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(entry!.contentRect.width));
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  return [box, width];
}
