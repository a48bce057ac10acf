-- Free space in the pages of codes.

-- +goose Up

-- Each exchange updates its code. Where the page has free space, the new version of the
-- row stays there and no index changes.
ALTER TABLE codes SET (fillfactor = 80);
