// How tiles fill a place: in rows, as large as they fit, and never so narrow or so
// wide that much of a 16:9 picture is cut off.

export interface Size {
  width: number;
  height: number;
}

/** Layout is the size of one tile, and how many stand beside each other. */
export interface Layout extends Size {
  columns: number;
}

/** gap is between tiles and around them, in pixels. */
export const gap = 8;

const narrowest = 4 / 3;
const widest = 16 / 9;
const smallestTile = 150; // wide; on smaller ones nobody is known again
const most = 25;
const mostOnPhones = 6;

/** isSmall says whether a place is that of a phone, held upright or sideways. */
export function isSmall({ width, height }: Size): boolean {
  return width < 600 || height < 400;
}

/** layoutOf gives the layout in which a number of tiles are largest. */
export function layoutOf(count: number, place: Size): Layout {
  let best: Layout = { columns: 1, width: 0, height: 0 };
  for (let columns = 1; columns <= Math.max(count, 1); columns++) {
    const rows = Math.ceil(count / columns);
    let width = (place.width - gap * (columns + 1)) / columns;
    let height = (place.height - gap * (rows + 1)) / rows;
    if (width <= 0 || height <= 0) continue;
    if (width > height * widest) width = height * widest;
    else height = Math.min(height, width / narrowest);
    if (width * height > best.width * best.height) best = { columns, width: Math.floor(width), height: Math.floor(height) };
  }
  return best;
}

/** tilesPerPage gives how many tiles fit at most. */
export function tilesPerPage(place: Size): number {
  const limit = isSmall(place) ? mostOnPhones : most;
  for (let count = limit; count > mostOnPhones; count--) {
    if (layoutOf(count, place).width >= smallestTile) return count;
  }
  return mostOnPhones;
}
