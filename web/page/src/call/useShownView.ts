import { useTracks } from '@livekit/components-react';
import { Track } from 'livekit-client';
import type { View } from './Controls';
import type { Call } from './enter';

/** useShownView decides what auto is at the moment. */
export function useShownView(view: View, { secrecy }: Call): 'grid' | 'speaker' {
  const screens = useTracks([Track.Source.ScreenShare], { onlySubscribed: false }).filter(({ publication }) => secrecy.mayPlay(publication));
  if (view !== 'auto') return view;
  return screens.length > 0 ? 'speaker' : 'grid';
}
