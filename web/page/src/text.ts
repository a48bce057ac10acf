// Every word that the page says, in English, but for those of the call that nobody
// needs before (call/words.ts). Another language is a file in languages/ with the
// same keys; languages.ts puts its words in the place of these.

const roles: Record<string, string> = { host: 'Host', guest: 'Guest', viewer: 'Viewer' };

const seconds = (n: number) => (n === 1 ? '1 second' : `${n} seconds`);
const minutes = (n: number) => (n === 1 ? '1 minute' : `${n} minutes`);

// A time in the reader's own time zone.
const when = (at: string) =>
  new Intl.DateTimeFormat('en', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', hour: 'numeric', minute: '2-digit', timeZoneName: 'short' }).format(new Date(at));

type Devices = 'camera' | 'microphone' | 'both';
const devices: Record<Devices, string> = { camera: 'camera', microphone: 'microphone', both: 'camera and microphone' };

const noMedia = 'Sound and picture do not get through';

export const text = {
  product: 'Roomkey',
  noScript: 'This page needs JavaScript to join the call.',
  loading: 'Looking up the room…',
  comingBack: 'Bringing you back into the call…',
  // Roles are named in the configuration; the ones that are built in have a proper name here.
  role: (role: string) => (Object.hasOwn(roles, role) ? (roles[role] as string) : role),
  title: (room: string) => `${room} · Roomkey`,
  you: 'You',
  nobody: 'Somebody',
  calendar: 'Add to calendar',

  code: {
    heading: 'Enter your room code',
    // The name of the room goes in between. It comes from the address and may be anything.
    intro: ['With a room code you can join “', '”.'],
    label: 'Room code',
    hint: 'Ten letters, like wpi-srjb-wer. Capitals, spaces and hyphens do not matter. You can also paste a whole link.',
    submit: 'Continue',
    checking: 'Checking…',
    malformed: 'That is not a room code: it has ten letters, like wpi-srjb-wer.',
    wrong: 'This code does not open a room. Check it, or ask the person who gave it to you for a new one.',
    required: 'This room lets in only people with a room code.',
    haveToken: 'I have an access token',
    tokenLabel: 'Access token',
    tokenHint: 'Kept until you close this tab.',
    tokenSubmit: 'Use access token',
    tokenWrong: 'This access token is not valid here, or has expired.',
  },

  prejoin: {
    heading: (room: string) => `Join ${room}`,
    asRole: 'You join as:',
    nameLabel: 'Your name',
    nameHint: 'Everyone in the room sees it.',
    nameMissing: 'Please enter your name.',
    join: 'Join',
    joining: 'Joining…',
    watchOnly: 'You will watch and listen.',
    watchOnlyDetail: 'In this room you cannot use a camera or a microphone.',
    waits: 'You have to wait until a host lets you in.',
    starts: (at: string) => `It starts on ${when(at)}. You can join now: the call begins by itself then.`,
    startsEarly: (at: string) => `It starts on ${when(at)}. You can go in before; others wait until then.`,
    inside: (names: string[], more: number) => `In the room now: ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`,
    encrypted: 'End-to-end encrypted.',
    encryptedDetail: 'Only people with the whole link can see and hear what happens in this room. The server cannot.',
    encryptedFirst: 'Your link has no key yet. If you are the first inside, a key is made and you get the link to share.',
    preview: 'Your camera and microphone',
    cameraOff: 'Your camera is off',
    cameraStarting: 'Starting your camera…',
    noCameraAllowed: 'You join with your microphone only',
  },

  signIn: {
    required: 'This room lets in only people who have signed in.',
    offer: 'Or come in under a name that others can trust:',
    noWay: 'Nobody can sign in here without an access token. Ask the person who gave you the link.',
    way: (name: string) => `Sign in with ${name}`,
    as: 'You have signed in as',
    verified: '(verified)',
    out: 'Sign out',
  },

  devices: {
    camera: 'Camera',
    microphone: 'Microphone',
    speaker: 'Speaker',
    unnamed: (n: number) => `Device ${n}`,
    choose: 'Choose devices',
    speak: 'Say something: the bar shows whether your microphone hears you.',
    heard: 'Your microphone hears you.',
    testSpeaker: 'Test speaker',
    insecure: 'Cameras and microphones need an https address.',
    denied: (device: Devices) => `Your browser does not allow this page to use your ${devices[device]}. You can allow it in the address bar.`,
    missing: (device: Devices) => `No ${device === 'both' ? 'camera and no microphone' : device} ${device === 'both' ? 'were' : 'was'} found.`,
    busy: (device: Devices) => `Your ${devices[device]} could not be started. Another program may be using ${device === 'both' ? 'them' : 'it'}.`,
    unblurred: (_: Devices) => 'Your background could not be blurred, so your camera stays off. To use it unblurred, switch the blur off.',
    // On the button of the device.
    short: { denied: 'not allowed', missing: 'not found', busy: 'not working', unblurred: 'not blurred' },
    blur: 'Blur my background',
    without: 'You can still join.',
    noPreview: 'Your camera and microphone cannot be shown here. You can still join.',
  },

  waiting: {
    heading: 'Waiting to be let in',
    detail: (room: string) => `You do not have to do anything: the call starts by itself as soon as a host of ${room} lets you in.`,
    startHeading: 'Waiting for the start',
    start: (room: string, at: string) => `${room} starts on ${when(at)}. You do not have to do anything: the call begins by itself.`,
    unseen: 'Nobody in the room sees or hears you yet.',
    cancel: 'Cancel',
  },

  lost: {
    heading: 'Connection lost. Coming back…',
    detail: 'The server may be restarting. You do not have to do anything: this page brings you back into the call.',
  },

  // What to do next is said in each.
  message: {
    link: {
      heading: 'The meeting may be over',
      detail: 'This link does not work now: the meeting has ended, or the link was mistyped, switched off, used up or has expired. Ask the person who gave it to you for a new one.',
      action: 'Try again',
    },
    full: { heading: 'The room is full', detail: 'As soon as somebody leaves, you can join.', action: 'Try again' },
    ended: { heading: 'The room has ended', detail: 'The call is over for everyone. You can close this page.', action: '' },
    removed: { heading: 'You were removed from the room', detail: 'A host removed you. If you think it was a mistake, ask them before you join again.', action: 'Join again' },
    refused: { heading: 'You were not let in', detail: 'A host of this room refused your request. If you think it was a mistake, ask them and try again.', action: 'Try again' },
    blocked: { heading: 'You are blocked from this room', detail: 'A host of this room has blocked you. If you think it was a mistake, ask them.', action: 'Try again' },
    closed: {
      heading: 'This link lets nobody in any more',
      detail: 'A host of this room has blocked somebody who came this way, and so it is open only to people with an access token. Ask the host for another link.',
      action: 'Try again',
    },
    signin: { heading: 'You have to sign in', detail: 'This room lets in only people who have signed in.', action: 'Sign in' },
    forbidden: { heading: 'You cannot join', detail: 'The server does not let you in this way. Ask the person who gave you the link.', action: 'Try again' },
    over: { heading: 'You can no longer join', detail: 'While you were waiting the room ended, your request ran out, or the link was switched off. Ask a host for a new link, or try again.', action: 'Try again' },
    left: { heading: 'You left the call', detail: 'You can come back as long as the room is open.', action: 'Join again' },
    duplicate: { heading: 'You are in the call elsewhere', detail: 'Another window took over your place in this call. You can close this one.', action: 'Join again here' },
    busy: { heading: 'Too many tries', detail: 'Wait a little before you try again.', action: 'Try again' },
    unreached: { heading: 'The server cannot be reached', detail: 'Your browser gets no answer from it. Check your network connection. If it is fine, the server may be restarting.', action: 'Try again' },
    unavailable: { heading: 'The call cannot be reached', detail: 'The server answers, but it could not bring you into the call. It may be restarting. Try again in a moment.', action: 'Try again' },
    websocket: {
      heading: 'The connection for the call does not open',
      detail: 'Your browser reaches the server, but the WebSocket that every call needs did not open. A proxy, a firewall or a browser extension can stop it. Try another network, or without a VPN and extensions.',
      action: 'Try again',
    },
    mediaserver: {
      heading: 'The media server cannot be reached',
      detail: 'Your browser reaches the server of this page, but not the one for sound and picture. It does not tell this page why: the certificate may not be valid, or the network may block the address. Open it to see what your browser says:',
      action: 'Try again',
    },
    browser: { heading: 'Your browser could not make the call', detail: 'Try again. If that does not help, use another browser: a current Chrome, Edge, Firefox or Safari.', action: 'Try again' },
    nomedia: { heading: noMedia, detail: 'Your browser reaches the server, but no connection for sound and picture came about, neither by UDP nor by TCP. Try another network, without a VPN, or another browser.', action: 'Try again' },
    noudp: { heading: noMedia, detail: 'Your browser reaches the server, but no connection for sound and picture came about by UDP, and the server offers no other. Try another network, or without a VPN.', action: 'Try again' },
    nodtls: { heading: noMedia, detail: 'Your browser reaches the server, also where sound and picture go, but the encrypted connection for them (DTLS) did not come about. Try another network, without a VPN, or another browser.', action: 'Try again' },
    unsupported: { heading: 'This browser cannot join', detail: 'It does not support WebRTC. Use a current version of Chrome, Edge, Firefox or Safari.', action: '' },
    plain: {
      heading: 'This room is not encrypted',
      detail: 'End-to-end encryption was switched off in this room. If you join, the server can see and hear what happens in it. Nothing of yours was sent yet.',
      action: 'Join without encryption',
    },
    broken: { heading: 'Something went wrong', detail: 'This page failed, so you are not in the call. Your camera and microphone are off.', action: 'Join again' },
    nokey: { heading: 'The key is missing from the link', detail: 'This room is end-to-end encrypted. The key is the last part of the link, after #key=. Ask the host for the whole link.', action: '' },
  },
  unsupportedEncryption: 'This room is end-to-end encrypted, which this browser cannot do. Use a current version of Chrome, Edge, Firefox or Safari.',
  // What the person can pass on to those who run the server.
  browserSaid: (browser: string, said: string) => (said ? `${browser || 'The browser'} says: ${said}` : browser && `Your browser is ${browser}.`),
  offered: (addresses: string) => `The server offered: ${addresses}.`,
  busyFor: (n: number) => (n < 90 ? `You can try again in ${seconds(n)}.` : `You can try again in ${minutes(Math.ceil(n / 60))}.`),
  key: {
    label: 'The whole link, or its key',
    submit: 'Use this key',
    wrong: 'There is no key in it. A key looks like #key= with 43 letters and digits after it.',
  },

  call: {
    leave: 'Leave',
  },

  hand: {
    raise: 'Raise your hand',
    short: 'Hand',
    raised: 'Hand raised',
    announce: (name: string) => `${name} raised a hand.`,
    failed: 'Your hand could not be raised or lowered. Try again.',
  },

  chat: {
    heading: 'Chat',
    messages: 'Messages',
    empty: 'No messages yet. Only people who are in the call see what you write.',
    label: 'Message',
    placeholder: 'Write a message',
    send: 'Send',
    failed: 'Your message could not be sent.',
    many: (n: number) => `${n} new messages in the chat.`,
    from: (name: string, message: string) => `${name} writes: ${message}`,
    fromAgent: (name: string, message: string) => `The agent ${name} writes: ${message}`,
    agent: 'Agent',
    agentDetail: 'A program wrote this on behalf of the host, not a person in the call.',
    onlyMe: 'Only you see this',
    readOnly: 'You cannot write in this call.',
  },

  notice: {
    dismiss: 'Dismiss',
    mutedByHost: 'The host muted you.',
    cameraStoppedByHost: 'The host turned your camera off.',
    screenStoppedByHost: 'The host stopped your screen share.',
    connectionLost: 'Connection lost. Coming back…',
    connectionBack: 'You are back in the call.',
    roleNow: (role: string) => `Your role is now: ${role}.`,
    nameNow: (name: string) => `A host changed your name to ${name}.`,
    mayNow: (what: string) => `The host now lets you use ${what}.`,
    mayNoLonger: (what: string) => `The host no longer lets you use ${what}.`,
    cannotDecrypt: (name: string) => `What ${name} sends cannot be decrypted: they use another key.`,
    notEncrypted: (name: string) => `What ${name} sends is not encrypted. It is not played or shown here.`,
    unexpectedlyEncrypted: (name: string) => `What ${name} sends is encrypted, and this room is not. It cannot be played or shown here.`,
    plainMessage: (name: string) => `${name} wrote a message that is not encrypted. It is not shown here.`,
    joined: (name: string) => `${name} joined.`,
    left: (name: string) => `${name} left.`,
    muted: (name: string) => `${name} turned the microphone off.`,
    unmuted: (name: string) => `${name} turned the microphone on.`,
    sharing: (name: string) => `${name} shares the screen.`,
    publishFailed: 'Your camera or microphone could not be shown to the others. Turn it off and on again.',
    fault: 'Something went wrong on this page. If the call does not work any more, leave it and join again.',
    screenFailed: 'Your screen could not be shared.',
  },
  kept: {
    before: 'What is written in the chat is kept. The host can read it later.',
    inside: 'This chat is kept: the host can read it later.',
    empty: 'No messages yet.',
    begun: 'What is written in the chat is kept from now on. The host can read it later.',
    ended: 'What is written in the chat is no longer kept.',
  },

  right: {
    microphone: 'your microphone',
    camera: 'your camera',
    screen_share: 'screen sharing',
    chat: 'the chat',
  },
};

/** Text is the words of one language. */
export type Text = typeof text;

/** MessageKind is every message that takes the whole page. */
export type MessageKind = keyof typeof text.message;
