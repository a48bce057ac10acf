import { type FormEvent, memo, useEffect, useId, useRef, useState, useSyncExternalStore } from 'react';
import { Name } from '../screens/Screen';
import { text } from '../text';
import type { Chat, Message } from './chat';
import { withLinks } from './links';
import { maxMessage } from './message';
import type { Notices } from './notices';

// About three lines, in pixels: so far from the end somebody does not read what is older.
const nearEnd = 80;

interface Props {
  chat: Pick<Chat, 'subscribe' | 'list' | 'send'>;
  notices: Notices;
  /** mayWrite is false for somebody who may not chat. They see what agents write alone. */
  mayWrite: boolean;
  /** kept says that what is written is kept. */
  kept?: boolean;
}

/** ChatPanel is the chat with words of our own, which LiveKit's has no place for. */
export function ChatPanel({ chat, notices, mayWrite, kept }: Props) {
  const field = useRef<HTMLInputElement>(null);
  const end = useRef<HTMLDivElement>(null);
  const reading = useRef(false); // older messages, further up
  const id = useId();
  const [sending, setSending] = useState(false);
  const all = useSyncExternalStore(chat.subscribe, chat.list);
  const messages = mayWrite ? all : all.filter((message) => message.isAgent);
  useEffect(() => {
    field.current?.focus();
  }, []);
  const newest = messages.at(-1);
  useEffect(() => {
    if (!reading.current || newest?.isLocal) end.current?.scrollIntoView({ block: 'end' });
  }, [newest]);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const input = field.current;
    const message = input?.value.trim();
    if (!input || !message || sending) return;
    setSending(true);
    try {
      await chat.send(message);
      input.value = '';
    } catch {
      notices.tell(text.chat.failed, { tone: 'warning' });
    }
    setSending(false);
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
        {kept && <p className="note">{text.kept.inside}</p>}
        {messages.length === 0 && <p className="quiet">{kept ? text.kept.empty : text.chat.empty}</p>}
        <ul className="lk-list lk-chat-messages">
          {messages.map((message, index) => (
            <ChatMessage key={message.key} message={message} goesOn={goesOn(messages[index - 1], message)} />
          ))}
        </ul>
        <div ref={end} />
      </div>
      {mayWrite ? (
        <form className="chat-form" onSubmit={(event) => void submit(event)}>
          <label className="visually-hidden" htmlFor={`${id}message`}>
            {text.chat.label}
          </label>
          <input id={`${id}message`} ref={field} dir="auto" autoComplete="off" maxLength={maxMessage} placeholder={text.chat.placeholder} />
          <button className="primary" disabled={sending}>
            {text.chat.send}
          </button>
        </form>
      ) : (
        <p className="chat-form quiet">{text.chat.readOnly}</p>
      )}
    </>
  );
}

/** goesOn says that a message is by the writer of the one before it, and soon after it. */
function goesOn(before: Message | undefined, message: Message): boolean {
  if (before === undefined || before.isAgent !== message.isAgent || before.onlyMe !== message.onlyMe) return false;
  return before.identity === message.identity && before.name === message.name && message.timestamp - before.timestamp < 60_000;
}

/** ChatMessage is one message, drawn once: a flood of others does not draw it again. */
const ChatMessage = memo(function ChatMessage({ message, goesOn }: { message: Message; goesOn: boolean }) {
  const time = new Date(message.timestamp);
  return (
    <li className="lk-chat-entry" title={timeIn('full', time)} data-lk-message-origin={message.isLocal ? 'local' : 'remote'} data-agent={message.isAgent || undefined}>
      {!goesOn && (
        <span className="lk-meta-data">
          <strong className="lk-participant-name">
            <Name>{message.name || text.nobody}</Name>
          </strong>
          {message.isAgent && (
            <span className="agent-mark" title={text.chat.agentDetail}>
              {text.chat.agent}
            </span>
          )}
          {message.onlyMe && <span className="only-me">{text.chat.onlyMe}</span>}
          <span className="lk-timestamp">{timeIn('short', time)}</span>
        </span>
      )}
      <span className="lk-message-body">{withLinks(message.message)}</span>
    </li>
  );
});

// Making one takes ten milliseconds: so each is made once, and when the first message is shown.
const formats: Partial<Record<'full' | 'short', Intl.DateTimeFormat>> = {};
const timeIn = (style: keyof typeof formats, time: Date) => (formats[style] ??= new Intl.DateTimeFormat(undefined, { timeStyle: style })).format(time);
