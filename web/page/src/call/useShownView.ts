import { useTracks } from '@livekit/components-react';
import { Track } from 'livekit-client';
import type { View } from './Controls';

/** useShownView decides what auto is at the moment. */
export function useShownView(view: View): 'grid' | 'speaker' {
  const screens = useTracks([Track.Source.ScreenShare], { onlySubscribed: false });
  if (view !== 'auto') return view;
  return screens.length > 0 ? 'speaker' : 'grid';
}
