import { useSyncExternalStore } from 'react';
import { text } from '../text';
import { CloseIcon } from './icons';
import type { Notices } from './notices';

/** NoticeList shows notices. They are not announced here: Spoken does that, once. */
export function NoticeList({ notices }: { notices: Notices }) {
  const list = useSyncExternalStore(notices.subscribe, () => notices.list);
  return (
    <>
      {list.map((notice) => (
        <div key={notice.id} className={`notice notice-${notice.tone}`} data-notice={notice.topic}>
          <span className="wrap">{notice.text}</span>
          <button className="lk-button icon-button" onClick={() => notices.dismiss(notice.id)} aria-label={text.notice.dismiss}>
            <CloseIcon />
          </button>
        </div>
      ))}
    </>
  );
}

/** Spoken is the live region: every line is read out, even one that is the same as before. */
export function Spoken({ notices }: { notices: Notices }) {
  const lines = useSyncExternalStore(notices.subscribe, () => notices.spoken);
  return (
    <div className="visually-hidden" aria-live="polite" data-live="">
      {lines.map((line) => (
        <p key={line.id}>{line.text}</p>
      ))}
    </div>
  );
}
