import { ChatEntry, type useChat } from '@livekit/components-react';
import { type FormEvent, useEffect, useId, useRef } from 'react';
import { text } from '../text';
import { withLinks } from './links';
import { maxMessage } from './message';
import type { Notices } from './notices';

type Chat = ReturnType<typeof useChat>;

// About three lines, in pixels: so far from the end somebody does not read what is older.
const nearEnd = 80;

/** ChatPanel is the chat with words of our own, which LiveKit's has no place for. */
export function ChatPanel({ chat, notices }: { chat: Chat; notices: Notices }) {
  const field = useRef<HTMLInputElement>(null);
  const end = useRef<HTMLDivElement>(null);
  const reading = useRef(false); // older messages, further up
  const id = useId();
  const messages = chat.chatMessages.filter((message) => message.message !== '');
  useEffect(() => {
    field.current?.focus();
  }, []);
  const newest = messages.at(-1);
  useEffect(() => {
    if (!reading.current || newest?.from?.isLocal) end.current?.scrollIntoView({ block: 'end' });
  }, [messages.length, newest]);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const input = field.current;
    const message = input?.value.trim();
    if (!input || !message || !chat.send) return;
    try {
      await chat.send(message);
      input.value = '';
    } catch {
      notices.tell(text.chat.failed, { tone: 'warning' });
    }
    input.focus();
  };
  return (
    <>
      <div
        className="panel-scroll chat"
        tabIndex={0}
        role="region"
        aria-label={text.chat.messages}
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          reading.current = scrollHeight - scrollTop - clientHeight > nearEnd;
        }}
      >
        {messages.length === 0 && <p className="quiet">{text.chat.empty}</p>}
        <ul className="lk-list lk-chat-messages">
          {messages.map((message, index) => {
            const previous = messages[index - 1];
            const sameWriter = previous?.from === message.from && message.timestamp - previous!.timestamp < 60_000;
            return (
              <ChatEntry
                key={`${message.from?.identity}${message.id}${index}`}
                entry={{ ...message, editTimestamp: undefined } as typeof message}
                hideName={sameWriter}
                hideTimestamp={sameWriter}
                messageFormatter={withLinks}
              />
            );
          })}
        </ul>
        <div ref={end} />
      </div>
      <form className="chat-form" onSubmit={(event) => void submit(event)}>
        <label className="visually-hidden" htmlFor={`${id}message`}>
          {text.chat.label}
        </label>
        <input id={`${id}message`} ref={field} dir="auto" autoComplete="off" maxLength={maxMessage} placeholder={text.chat.placeholder} />
        <button className="primary" disabled={chat.isSending}>
          {text.chat.send}
        </button>
      </form>
    </>
  );
}
