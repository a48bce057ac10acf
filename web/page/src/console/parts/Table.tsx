import type { ReactNode } from 'react';
import type { ToolError } from '../mcp';
import { text } from '../text';
import type { Paged } from '../useTool';

/** Column is a column of a table. */
export interface Column<T> {
  title: string;
  cell(item: T): ReactNode;
  /** head says that the cell names its row. */
  head?: boolean;
}

interface Props<T> {
  caption: string;
  columns: Column<T>[];
  items: T[];
  keyOf(item: T): string;
  empty: string;
  /** dense says that there is much in each row. */
  dense?: boolean;
}

/**
 * Table is a table, and on a narrow screen a list of cards. The roles are written
 * out, because browsers forget them where a table is no table for the eye.
 */
export function Table<T>({ caption, columns, items, keyOf, empty, dense }: Props<T>) {
  if (items.length === 0) return <p className="quiet">{empty}</p>;
  return (
    <table role="table" className={dense ? 'dense' : undefined}>
      <caption className="visually-hidden">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ title }) => (
            <th key={title} role="columnheader" scope="col">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {items.map((item) => (
          <tr key={keyOf(item)} role="row">
            {columns.map(({ title, cell, head }) =>
              head ? (
                <th key={title} role="rowheader" scope="row">
                  {cell(item)}
                </th>
              ) : (
                <td key={title} role="cell">
                  <span className="cell-title" aria-hidden="true">
                    {title}
                  </span>
                  <span className="cell-value">{cell(item) || text.none}</span>
                </td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Pager turns the pages of a list. */
export function Pager({ list, pages }: { list: string; pages: Pick<Paged<unknown>, 'number' | 'next' | 'previous'> }) {
  if (!pages.next && !pages.previous) return null;
  return (
    <nav className="pager" aria-label={text.pages.label(list)}>
      <button onClick={pages.previous} disabled={!pages.previous}>
        {text.pages.previous}
      </button>
      <span aria-current="page">{text.pages.number(pages.number)}</span>
      <button onClick={pages.next} disabled={!pages.next}>
        {text.pages.next}
      </button>
    </nav>
  );
}

/** Problem says why something failed. What the server says of it is English. */
export function Problem({ error }: { error: ToolError | undefined }) {
  if (!error) return null;
  return (
    <p className="problem wrap" role="alert">
      <span lang={error.code === 'unreached' ? undefined : 'en'}>
        {error.message.replace(/\.?$/, '.')} {error.hint}
      </span>
    </p>
  );
}

/** Name shows what somebody typed, as text that cannot change the direction of the text around it. */
export function Name({ children }: { children: string }) {
  return (
    <bdi dir="auto" className="wrap">
      {children}
    </bdi>
  );
}

/** List is a table with its pages, and says when it is not there yet or cannot be had. */
export function List<T, P>({ pages, items, list, ...table }: Omit<Props<T>, 'items' | 'caption'> & { pages: Paged<P>; items(page: P): T[]; list: string }) {
  const { value, error } = pages;
  return (
    <>
      <Problem error={error} />
      {value ? <Table caption={list} items={items(value)} {...table} /> : !error && <p role="status">{text.loading}</p>}
      <Pager list={list} pages={pages} />
    </>
  );
}
