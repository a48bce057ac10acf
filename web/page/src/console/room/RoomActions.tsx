import { useState } from 'react';
import { Dialog, Field, Form } from '../parts/Dialog';
import { Problem } from '../parts/Table';
import { text } from '../text';
import { useAction, useSession } from '../useTool';
import type { TabProps } from './RoomView';

const words = text.room;

/** RoomActions is what an admin may do to the whole room. */
export function RoomActions({ details: { room }, changed }: TabProps) {
  const { client, tools, tell } = useSession();
  const [ending, setEnding] = useState(false);
  const locked = room.settings?.require_approval;
  const action = useAction(async (tool: string, args: object, done: string) => {
    await client.call(tool, { room_id: room.id, ...args });
    tell(done);
    changed();
  });
  const act = (tool: string, args: object, done: string) => () => void action.run(tool, args, done);
  if (!room.is_active) {
    return (
      tools.has('update_room') && (
        <div className="buttons">
          <button onClick={act('update_room', { is_active: true }, words.reopened)}>{words.reopen}</button>
          <Problem error={action.error} />
        </div>
      )
    );
  }
  return (
    <div className="buttons" role="group" aria-label={words.actions}>
      {tools.has('mute_participant') && <button onClick={act('mute_participant', { identity: '*' }, words.mutedEveryone)}>{words.muteEveryone}</button>}
      {tools.has('update_room') && (
        <button onClick={act('update_room', { settings: { require_approval: !locked } }, locked ? words.unlocked : words.locked)}>{locked ? words.unlock : words.lock}</button>
      )}
      {tools.has('end_room') && (
        <button className="danger" onClick={() => setEnding(true)}>
          {words.end}
        </button>
      )}
      <Problem error={action.error} />
      {ending && <EndRoom name={room.name} id={room.id} close={() => setEnding(false)} changed={changed} />}
    </div>
  );
}

/** EndRoom asks for the name of the room before it ends it. */
function EndRoom({ name, id, close, changed }: { name: string; id: string; close(): void; changed(): void }) {
  const { client, tell } = useSession();
  const [typed, setTyped] = useState('');
  const action = useAction(async () => {
    await client.call('end_room', { room_id: id, confirm_name: typed.trim() });
    tell(words.wasEnded);
    changed();
    close();
  });
  return (
    <Dialog heading={words.endHeading(name)} close={close}>
      <p>{words.endDetail}</p>
      <Form action={action} submit={words.end} danger ready={typed.trim().toLowerCase() === name}>
        <Field label={words.endName} hint={name} value={typed} change={setTyped} max={63} />
      </Form>
    </Dialog>
  );
}
