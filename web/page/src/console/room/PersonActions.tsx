import { useState } from 'react';
import { short } from '../format';
import { Dialog, Field, Form } from '../parts/Dialog';
import { Problem } from '../parts/Table';
import type { Participant } from '../shapes';
import { text } from '../text';
import { useAction, useSession } from '../useTool';

const words = text.people;

/** Offer is one thing that can be done to somebody: calls of tools, one after the other. */
interface Offer {
  label: string;
  done: string;
  calls: [tool: string, args: object][];
  /** asks is what is asked before it is done. */
  asks?: string;
}

/** offersFor lists what can be done to somebody inside, with the tools that there are. */
export function offersFor({ name: whole, role, tracks, locked = [], is_admin: admin }: Participant, tools: Set<string>): Offer[] {
  const name = short(whole);
  const video = 'disable_participant_video';
  const lock = (on: boolean): Offer['calls'] => [
    ['mute_participant', { lock: on }],
    [video, { lock: on, source: 'all' }],
  ];
  const offers: Offer[] = [
    { label: words.mute(name), done: words.done.mute(name), calls: [['mute_participant', {}]] },
    { label: words.stopCamera(name), done: words.done.stopCamera(name), calls: [[video, {}]] },
  ];
  if (tracks.some(({ source }) => source === 'screen_share')) offers.push({ label: words.stopScreen(name), done: words.done.stopScreen(name), calls: [[video, { source: 'screen_share' }]] });
  if (locked.length > 0) offers.push({ label: words.unlock(name), done: words.done.unlock(name), calls: lock(false) });
  else if (!admin) offers.push({ label: words.lock(name), done: words.done.lock(name), calls: lock(true) });
  if (!admin && role === 'host') offers.push({ label: words.makeGuest(name), done: words.done.makeGuest(name), calls: [['update_participant', { role: 'guest' }]] });
  else if (!admin) offers.push({ label: words.makeHost(name), done: words.done.makeHost(name), calls: [['update_participant', { role: 'host' }]] });
  offers.push(
    { label: words.remove(name), done: words.done.remove(name), calls: [['kick_participant', {}]], asks: words.askRemove },
    { label: words.block(name), done: words.done.block(name), calls: [['kick_participant', { block: true }]], asks: words.askBlock },
  );
  return offers.filter(({ calls }) => calls.every(([tool]) => tools.has(tool)));
}

/** PersonActions is what can be done to one person. */
export function PersonActions({ id, person, close, changed }: { id: string; person: Participant; close(): void; changed(): void }) {
  const { client, tools, tell } = useSession();
  const [asking, setAsking] = useState<Offer>();
  const [name, setName] = useState(person.name);
  const action = useAction(async ({ calls, done }: Omit<Offer, 'label'>) => {
    for (const [tool, args] of calls) await client.call(tool, { room_id: id, identity: person.identity, ...args });
    tell(done);
    changed();
    close();
  });
  if (asking) {
    return (
      <Dialog key="asking" heading={asking.label} close={close}>
        <p>{asking.asks}</p>
        <Form action={{ ...action, run: () => action.run(asking) }} submit={asking.label} danger>
          {null}
        </Form>
      </Dialog>
    );
  }
  const rename = { calls: [['update_participant', { name }]] as Offer['calls'], done: words.done.rename(short(person.name)) };
  return (
    <Dialog heading={words.menu(person.name)} close={close}>
      <div className="stack">
        {offersFor(person, tools).map((offer) => (
          <button key={offer.label} disabled={action.busy} onClick={() => (offer.asks ? setAsking(offer) : void action.run(offer))}>
            {offer.label}
          </button>
        ))}
      </div>
      {tools.has('update_participant') ? (
        <Form action={{ ...action, run: () => action.run(rename) }} submit={words.rename(short(person.name))} ready={name.trim() !== '' && name !== person.name}>
          <Field label={words.newName} value={name} change={setName} max={80} />
        </Form>
      ) : (
        <Problem error={action.error} />
      )}
    </Dialog>
  );
}
