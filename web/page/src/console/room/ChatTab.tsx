import { when } from '../format';
import { type Column, List, Name } from '../parts/Table';
import type { TranscriptEntry, TranscriptPage } from '../shapes';
import { text } from '../text';
import { usePages } from '../useTool';
import type { TabProps } from './RoomView';

const words = text.chat;

/** ChatTab shows what was written in a room, where that is kept. */
export function ChatTab({ details: { room }, age }: TabProps) {
  const pages = usePages<TranscriptPage>('get_transcript', { room_id: room.id }, age);
  return <List pages={pages} items={(page) => page.entries} list={words.list} columns={columns} keyOf={(entry) => `${entry.at} ${entry.identity} ${entry.text}`} empty={words.empty} />;
}

const columns: Column<TranscriptEntry>[] = [
  { title: words.time, cell: (entry) => when(entry.at, true) },
  { title: words.name, head: true, cell: ({ name, source }) => <Name>{source === 'chat' ? name : words.from(name, words.sources[source] ?? source)}</Name> },
  { title: words.text, cell: (entry) => <Name>{entry.text}</Name> },
];
