import { describe, expect, it } from 'vitest';
import { gap, isSmall, layoutOf, tilesPerPage } from '../src/call/layout';

const phone = { width: 360, height: 680 };
const sideways = { width: 740, height: 300 };
const laptop = { width: 1280, height: 720 };
const wall = { width: 3840, height: 2080 };

describe('layoutOf', () => {
  it.each([phone, sideways, laptop, wall, { width: 320, height: 420 }])('fills %o without cutting off much of a 16:9 picture', (place) => {
    for (let count = 1; count <= tilesPerPage(place); count++) {
      const { columns, width, height } = layoutOf(count, place);
      const rows = Math.ceil(count / columns);
      expect(columns * (width + gap) + gap, `${count} in a row`).toBeLessThanOrEqual(place.width);
      expect(rows * (height + gap) + gap, `${count} above each other`).toBeLessThanOrEqual(place.height);
      expect(width / height).toBeGreaterThan(1.3);
      expect(width / height).toBeLessThan(1.8);
    }
  });
  it('gives one person nearly all of a laptop, and a phone six in two columns', () => {
    expect(layoutOf(1, laptop)).toMatchObject({ columns: 1, height: 704 });
    expect(layoutOf(6, phone)).toMatchObject({ columns: 2, width: 168 });
    expect(layoutOf(6, sideways)).toMatchObject({ columns: 3 });
  });
  it('bears a place that is not there', () => {
    expect(layoutOf(3, { width: 0, height: 0 })).toEqual({ columns: 1, width: 0, height: 0 });
  });
});

describe('tilesPerPage', () => {
  it('is six on a phone and up to 25 elsewhere', () => {
    expect(tilesPerPage(phone)).toBe(6);
    expect(tilesPerPage(sideways)).toBe(6);
    expect(tilesPerPage(laptop)).toBe(25);
    expect(tilesPerPage({ width: 640, height: 480 })).toBeLessThan(25);
  });
});

describe('isSmall', () => {
  it('means phones, however they are held', () => {
    expect([phone, sideways, laptop, { width: 944, height: 720 }].map(isSmall)).toEqual([true, true, false, false]);
  });
});
