import { type TrackReferenceOrPlaceholder, TrackLoop, usePagination, useSwipe } from '@livekit/components-react';
import { type CSSProperties, type ReactNode, type RefObject, useRef } from 'react';
import { type Size, gap, layoutOf, tilesPerPage } from './layout';
import { callText } from './words';

const barHeight = 44; // of the bar under several pages

/**
 * Grid shows tiles in rows, page by page. LiveKit's GridLayout crops pictures to
 * a third, and the buttons of its pages have no names for people who cannot see them.
 */
export function Grid({ tracks, place, children }: { tracks: TrackReferenceOrPlaceholder[]; place: Size; children: ReactNode }) {
  const element = useRef<HTMLDivElement>(null) as RefObject<HTMLDivElement>;
  // The whole place counts, with the bar in it: how many fit must not depend on whether the bar is there.
  const page = usePagination(tilesPerPage(place), tracks);
  useSwipe(element, { onLeftSwipe: page.nextPage, onRightSwipe: page.prevPage });
  const several = page.totalPageCount > 1;
  const layout = layoutOf(page.tracks.length, { width: place.width, height: place.height - (several ? barHeight : 0) });
  const size = { '--tile-width': `${layout.width}px`, '--tile-height': `${layout.height}px`, '--row-width': `${layout.columns * (layout.width + gap) + gap}px` };
  return (
    <div ref={element} className="grid">
      <div className="grid-tiles lk-grid-layout" style={size as CSSProperties}>
        <TrackLoop tracks={page.tracks}>{children}</TrackLoop>
      </div>
      {several && (
        <nav className="pages" aria-label={callText.tile.page(page.currentPage, page.totalPageCount)}>
          <button className="lk-button icon-button" aria-label={callText.tile.previousPage} disabled={page.currentPage === 1} onClick={page.prevPage}>
            ‹
          </button>
          <span aria-live="polite">{callText.tile.page(page.currentPage, page.totalPageCount)}</span>
          <button className="lk-button icon-button" aria-label={callText.tile.nextPage} disabled={page.currentPage === page.totalPageCount} onClick={page.nextPage}>
            ›
          </button>
        </nav>
      )}
    </div>
  );
}
