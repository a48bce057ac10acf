// Icons that LiveKit's set lacks, in its size and stroke.

import type { ReactNode } from 'react';

function Icon({ children }: { children: ReactNode }) {
  return (
    <svg width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.4" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      {children}
    </svg>
  );
}

export const GridIcon = () => (
  <Icon>
    <rect x="1.5" y="2.5" width="5.5" height="4.7" rx="1" />
    <rect x="9" y="2.5" width="5.5" height="4.7" rx="1" />
    <rect x="1.5" y="9" width="5.5" height="4.7" rx="1" />
    <rect x="9" y="9" width="5.5" height="4.7" rx="1" />
  </Icon>
);

export const FlipIcon = () => (
  <Icon>
    <path d="M2 6.5A6 6 0 0 1 13 4.3M14 9.5A6 6 0 0 1 3 11.7" />
    <path d="M13.4 1.6v2.9h-2.9M2.6 14.4v-2.9h2.9" />
    <circle cx="8" cy="8" r="1.8" />
  </Icon>
);

export const SpeakerIcon = () => (
  <Icon>
    <rect x="1.5" y="2.5" width="13" height="7.5" rx="1" />
    <path d="M1.8 13.4h3M6.5 13.4h3M11.2 13.4h3" />
  </Icon>
);

export const PeopleIcon = () => (
  <Icon>
    <circle cx="6" cy="5" r="2.6" />
    <path d="M1.2 13.8c.3-2.9 2.2-4.3 4.8-4.3s4.5 1.4 4.8 4.3M10.6 2.7a2.6 2.6 0 0 1 0 4.6M12.3 9.9c1.5.6 2.3 1.9 2.5 3.9" />
  </Icon>
);

export const LinkIcon = () => (
  <Icon>
    <path d="M6.6 9.4a3 3 0 0 0 4.2 0l2.4-2.4A3 3 0 0 0 9 2.8l-.8.8M9.4 6.6a3 3 0 0 0-4.2 0L2.8 9A3 3 0 0 0 7 13.2l.8-.8" />
  </Icon>
);

export const PinIcon = ({ pinned }: { pinned: boolean }) => (
  <Icon>
    {pinned ? <path d="M6.5 2.5v4h-4M9.5 13.5v-4h4M6.2 6.2 2 2M9.8 9.8 14 14" /> : <path d="M2 6V2h4M14 10v4h-4M2.3 2.3 6.4 6.4M13.7 13.7 9.6 9.6" />}
  </Icon>
);

export const HandIcon = () => (
  <Icon>
    <path d="M4.2 8.6V4a1 1 0 0 1 2 0v3.4M6.2 7V2.6a1 1 0 0 1 2 0V7M8.2 7V3.4a1 1 0 0 1 2 0v4.2M10.2 7.6V5.2a1 1 0 0 1 2 0v4.6c0 2.7-1.7 4.4-4.2 4.4-2 0-3-.8-4-2.4L2.4 9.4c-.5-.9.7-1.7 1.4-1z" />
  </Icon>
);

export const MoreIcon = () => (
  <Icon>
    <path d="M3.5 8h.01M8 8h.01M12.5 8h.01" strokeWidth="2.2" />
  </Icon>
);

export const CloseIcon = () => (
  <Icon>
    <path d="M3.5 3.5l9 9M12.5 3.5l-9 9" />
  </Icon>
);
