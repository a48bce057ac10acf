// What the flow shows, and what it needs of the browser.

import type { ComponentType } from 'react';
import type { Invitation } from './api';
import type { CallProps } from './call/CallScreen';
import type { Call, EnterCall } from './call/enter';
import type { MessageKind } from './text';

/** CodeProblem is why a code has to be typed: required says that nothing else leads into the room. */
export type CodeProblem = 'none' | 'malformed' | 'code' | 'token' | 'required';

export type State =
  | { screen: 'loading'; why: 'looking' | 'returning' | 'lost' }
  | { screen: 'code'; room: string; checking: boolean; problem: CodeProblem }
  | { screen: 'prejoin'; invitation: Invitation; name: string; joining: boolean; keyMissing: boolean }
  | { screen: 'waiting'; invitation: Invitation; startsAt?: string }
  | { screen: 'call'; invitation: Invitation; call: Call; CallScreen: ComponentType<CallProps> }
  | { screen: 'message'; message: MessageKind; seconds: number; encryption: boolean; said?: string };

/** Surroundings is what the flow needs of the browser. */
export interface Surroundings {
  path(): string;
  fragment(): string;
  /** replace changes the address without loading anything. */
  replace(address: string): void;
  reloaded(): boolean;
  webrtc(): boolean;
  encryption(): boolean;
  /** signalling is where LiveKit's signalling is if it is at the server that this page came from. */
  signalling(): string;
  reload(): void;
  /** loadCall fetches what enters a call and what shows it. */
  loadCall(): Promise<{ enterCall: EnterCall; CallScreen: ComponentType<CallProps> }>;
}
