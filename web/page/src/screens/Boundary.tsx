import { Component, type ReactNode } from 'react';
import { text } from '../text';
import { Heading, Screen } from './Screen';

interface Props {
  /** broken is called once something in it has thrown. */
  broken?(): void;
  /** fallback is shown in its place. */
  fallback: ReactNode;
  children: ReactNode;
}

/**
 * Boundary keeps what throws while it is drawn from taking the whole page with
 * it: without one React takes everything away, and the call goes on unseen.
 */
export class Boundary extends Component<Props, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override componentDidCatch() {
    this.props.broken?.(); // React has told the console what it was
  }

  override render() {
    return this.state.broken ? this.props.fallback : this.props.children;
  }
}

/** LastResort is for the case that not even a message can be shown. The call is over by then. */
export function LastResort() {
  const { heading, detail } = text.message.broken;
  return (
    <Screen name="message" message="broken">
      <Heading>{heading}</Heading>
      <p>{detail}</p>
      <button className="primary" onClick={() => location.reload()}>
        {text.call.leave}
      </button>
    </Screen>
  );
}
