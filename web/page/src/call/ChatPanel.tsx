import { ChatEntry, type useChat, formatChatMessageLinks } from '@livekit/components-react';
import { Children, type FormEvent, type ReactElement, cloneElement, isValidElement, useEffect, useId, useRef } from 'react';
import { text } from '../text';
import { maxMessage } from './message';
import type { Notices } from './notices';

type Chat = ReturnType<typeof useChat>;

/** ChatPanel is the chat with words of our own, which LiveKit's has no place for. */
export function ChatPanel({ chat, notices }: { chat: Chat; notices: Notices }) {
  const field = useRef<HTMLInputElement>(null);
  const end = useRef<HTMLDivElement>(null);
  const id = useId();
  const messages = chat.chatMessages.filter((message) => message.message !== '');
  useEffect(() => {
    field.current?.focus();
  }, []);
  useEffect(() => {
    end.current?.scrollIntoView({ block: 'end' });
  }, [messages.length]);
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
      <div className="panel-scroll chat" tabIndex={0} role="region" aria-label={text.chat.messages}>
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

/** withLinks makes links of addresses; the pages behind them learn nothing of this one. */
function withLinks(message: string) {
  return Children.map(formatChatMessageLinks(message), (part) =>
    isValidElement(part) ? cloneElement(part as ReactElement<{ rel: string }>, { rel: 'noopener noreferrer' }) : part,
  );
}
