import { useState } from 'react';
import { Check, Dialog, Field, Form } from './parts/Dialog';
import { hrefOf } from './route';
import type { Room } from './shapes';
import { text } from './text';
import { useAction, useSession } from './useTool';

const words = text.create;

/** CreateRoom asks for what a new room is, opens it, and goes there. */
export function CreateRoom({ close }: { close(): void }) {
  const { client, tell } = useSession();
  const [name, setName] = useState('');
  const [title, setTitle] = useState('');
  const [isPublic, setPublic] = useState(false);
  const [webinar, setWebinar] = useState(false);
  const [approval, setApproval] = useState(false);
  const [e2ee, setE2EE] = useState(false);
  const [codes, setCodes] = useState(true);
  const action = useAction(async () => {
    const { room } = await client.call<{ room: Room }>('create_room', {
      name,
      title,
      is_public: isPublic,
      mode: webinar ? 'webinar' : 'standard',
      settings: { require_approval: approval, e2ee },
      create_codes: codes,
    });
    tell(words.done(room.name));
    location.hash = hrefOf('rooms', room.id, codes ? 'codes' : 'people');
  });
  return (
    <Dialog heading={words.heading} close={close}>
      <Form action={action} submit={words.submit}>
        <Field label={words.name} hint={words.nameHint} value={name} change={setName} max={63} />
        <Field label={words.title} hint={words.titleHint} value={title} change={setTitle} max={100} />
        <Check label={words.isPublic} value={isPublic} change={setPublic} />
        <Check label={words.webinar} value={webinar} change={setWebinar} />
        <Check label={words.approval} value={approval} change={setApproval} />
        <Check label={words.e2ee} value={e2ee} change={setE2EE} />
        <Check label={words.codes} value={codes} change={setCodes} />
      </Form>
    </Dialog>
  );
}
