import { type TrackReferenceOrPlaceholder, TrackLoop, useGridLayout, usePagination, useSwipe } from '@livekit/components-react';
import { type ReactNode, type RefObject, useRef } from 'react';
import { text } from '../text';

/**
 * Grid is LiveKit's GridLayout put together from its hooks, because the
 * buttons of that one's pages have no names for people who cannot see them.
 */
export function Grid({ tracks, children }: { tracks: TrackReferenceOrPlaceholder[]; children: ReactNode }) {
  // The whole place is measured, with the bar in it: a layout must not depend on whether the bar is there.
  const element = useRef<HTMLDivElement>(null) as RefObject<HTMLDivElement>;
  const { layout } = useGridLayout(element, tracks.length);
  const page = usePagination(layout.maxTiles, tracks);
  useSwipe(element, { onLeftSwipe: page.nextPage, onRightSwipe: page.prevPage });
  return (
    <div ref={element} className="grid">
      <div className="lk-grid-layout">
        <TrackLoop tracks={page.tracks}>{children}</TrackLoop>
      </div>
      {page.totalPageCount > 1 && (
        <nav className="pages" aria-label={text.tile.page(page.currentPage, page.totalPageCount)}>
          <button className="lk-button icon-button" aria-label={text.tile.previousPage} disabled={page.currentPage === 1} onClick={page.prevPage}>
            ‹
          </button>
          <span aria-live="polite">{text.tile.page(page.currentPage, page.totalPageCount)}</span>
          <button className="lk-button icon-button" aria-label={text.tile.nextPage} disabled={page.currentPage === page.totalPageCount} onClick={page.nextPage}>
            ›
          </button>
        </nav>
      )}
    </div>
  );
}
