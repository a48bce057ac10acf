// Every word that the page says. To translate the page, translate this file.

const roles: Record<string, string> = { host: 'Host', guest: 'Guest', viewer: 'Viewer' };

const seconds = (n: number) => (n === 1 ? '1 second' : `${n} seconds`);
const minutes = (n: number) => (n === 1 ? '1 minute' : `${n} minutes`);

type Devices = 'camera' | 'microphone' | 'both';
const devices: Record<Devices, string> = { camera: 'camera', microphone: 'microphone', both: 'camera and microphone' };

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

  code: {
    heading: 'Enter your room code',
    // The name of the room goes in between. It comes from the address and may be anything.
    intro: ['With a room code you can join “', '”.'],
    label: 'Room code',
    hint: 'Ten letters, like wpi-srjb-wer. Capitals, spaces and hyphens do not matter.',
    submit: 'Continue',
    checking: 'Checking…',
    malformed: 'That is not a room code: it has ten letters, like wpi-srjb-wer.',
    wrong: 'This code does not open a room. Check it, or ask the person who gave it to you for a new one.',
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
    waits: 'A host will let you in.',
    encrypted: 'End-to-end encrypted.',
    encryptedDetail: 'Only people with the whole link can see and hear what happens in this room. The server cannot.',
    encryptedFirst: 'Your link has no key yet. If you are the first inside, a key is made and you get the link to share.',
    preview: 'Your camera and microphone',
    cameraOff: 'Your camera is off',
    cameraStarting: 'Starting your camera…',
    noCameraAllowed: 'You join with your microphone only',
  },

  devices: {
    camera: 'Camera',
    microphone: 'Microphone',
    speaker: 'Speaker',
    unnamed: (n: number) => `Device ${n}`,
    choose: 'Choose devices',
    insecure: 'Cameras and microphones need an https address.',
    denied: (device: Devices) => `Your browser does not allow this page to use your ${devices[device]}. You can allow it in the address bar.`,
    missing: (device: Devices) => `No ${device === 'both' ? 'camera and no microphone' : device} ${device === 'both' ? 'were' : 'was'} found.`,
    busy: (device: Devices) => `Your ${devices[device]} could not be started. Another program may be using ${device === 'both' ? 'them' : 'it'}.`,
    without: 'You can still join.',
    noPreview: 'Your camera and microphone cannot be shown here. You can still join.',
  },

  waiting: {
    heading: 'Waiting to be let in',
    detail: (room: string) => `A host of ${room} knows that you are here. You do not have to do anything: the call starts when they let you in.`,
    unseen: 'Nobody in the room sees or hears you yet.',
    cancel: 'Cancel',
  },

  lost: {
    heading: 'Connection lost. Coming back…',
    detail: 'The server may be restarting. You do not have to do anything: this page brings you back into the call.',
  },

  // What to do next is said in each.
  message: {
    link: { heading: 'This link does not work', detail: 'It may have been mistyped, switched off, used up or expired. Ask the person who gave it to you for a new one.', action: 'Try again' },
    full: { heading: 'The room is full', detail: 'As soon as somebody leaves, you can join.', action: 'Try again' },
    ended: { heading: 'The room has ended', detail: 'The call is over for everyone. You can close this page.', action: '' },
    removed: { heading: 'You were removed from the room', detail: 'A host removed you. If you think it was a mistake, ask them before you join again.', action: 'Join again' },
    refused: { heading: 'You were not let in', detail: 'A host of this room refused your request. If you think it was a mistake, ask them and try again.', action: 'Try again' },
    over: { heading: 'You can no longer join', detail: 'While you were waiting the room ended, your request ran out, or the link was switched off. Ask a host for a new link, or try again.', action: 'Try again' },
    left: { heading: 'You left the call', detail: 'You can come back as long as the room is open.', action: 'Join again' },
    duplicate: { heading: 'You are in the call elsewhere', detail: 'Another window took over your place in this call. You can close this one.', action: 'Join again here' },
    busy: { heading: 'Too many tries', detail: 'Wait a little before you try again.', action: 'Try again' },
    unavailable: { heading: 'The call cannot be reached', detail: 'Check your network connection. If it is fine, the server may be restarting.', action: 'Try again' },
    browser: { heading: 'Your browser could not make the call', detail: 'Try again. If that does not help, use another browser: a current Chrome, Edge, Firefox or Safari.', action: 'Try again' },
    nomedia: { heading: 'Sound and picture do not get through', detail: 'Your browser reaches the server, but a firewall, a VPN or the network may keep it from sending and receiving sound and picture. Try again, with another network, or with another browser.', action: 'Try again' },
    unsupported: { heading: 'This browser cannot join', detail: 'It does not support WebRTC. Use a current version of Chrome, Edge, Firefox or Safari.', action: '' },
    plain: {
      heading: 'This room is not encrypted',
      detail: 'End-to-end encryption was switched off in this room. If you join, the server can see and hear what happens in it. Nothing of yours was sent yet.',
      action: 'Join without encryption',
    },
    broken: { heading: 'Something went wrong', detail: 'This page failed, so the call was ended here. Your camera and microphone are off.', action: 'Join again' },
    nokey: { heading: 'The key is missing from the link', detail: 'This room is end-to-end encrypted. The key is the last part of the link, after #key=. Ask the host for the whole link.', action: '' },
  },
  unsupportedEncryption: 'This room is end-to-end encrypted, which this browser cannot do. Use a current version of Chrome, Edge, Firefox or Safari.',
  // What the person can pass on to those who run the server.
  browserSaid: (browser: string, said: string) => (said ? `${browser || 'The browser'} says: ${said}` : browser && `Your browser is ${browser}.`),
  busyFor: (n: number) => (n < 90 ? `You can try again in ${seconds(n)}.` : `You can try again in ${minutes(Math.ceil(n / 60))}.`),
  key: {
    label: 'The whole link, or its key',
    submit: 'Use this key',
    wrong: 'There is no key in it. A key looks like #key= with 43 letters and digits after it.',
  },

  call: {
    heading: (room: string) => `In the call: ${room}`,
    stage: 'Video',
    controls: 'Call controls',
    microphone: 'Microphone',
    camera: 'Camera',
    share: 'Share screen',
    shareShort: 'Share',
    speaker: 'Speaker view',
    view: 'View',
    chat: 'Chat',
    chatUnread: (n: number) => (n === 1 ? 'Chat, 1 new message' : `Chat, ${n} new messages`),
    people: 'People',
    peopleCount: (n: number) => `People, ${n} in the call`,
    settings: 'Settings',
    invite: 'Share link',
    leave: 'Leave',
    close: { chat: 'Close chat', people: 'Close people', settings: 'Close settings', invite: 'Close share link' },
    startAudio: 'Turn on sound',
    alone: 'Nobody else is here yet.',
    empty: 'Nobody is on stage yet.',
    encrypted: 'End-to-end encrypted',
  },

  tile: {
    label: (name: string) => `Video of ${name}`,
    screenLabel: (name: string) => `Screen of ${name}`,
    screen: (name: string) => `${name}: screen`,
    muted: 'Microphone off',
    encrypted: 'Encrypted',
    poor: 'Poor connection',
    pin: (name: string) => `Show ${name} large`,
    unpin: (name: string) => `Stop showing ${name} large`,
    withheld: {
      key: 'Cannot decrypt: they use another key',
      plain: 'Not shown: what they send is not encrypted',
      encrypted: 'Cannot be shown: what they send is encrypted',
    },
    page: (n: number, of: number) => `Page ${n} of ${of}`,
    nextPage: 'Next page',
    previousPage: 'Previous page',
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
  },

  people: {
    heading: 'People',
    list: 'Who is in the call',
    yourself: (role: string) => (role ? `You, ${role}` : 'You'),
    microphoneOn: 'Microphone on',
    microphoneOff: 'Microphone off',
    cameraOn: 'Camera on',
    cameraOff: 'Camera off',
  },

  requests: {
    heading: 'Waiting to be let in',
    wants: 'wants to join',
    signedIn: (userId: string) => `Signed in as ${userId}.`,
    unproven: 'Not signed in: anybody can type this name.',
    claims: (userId: string) => `Not signed in: anybody can type this name, and the user id ${userId}.`,
    label: (label: string) => `Came by the code “${label}”.`,
    letIn: 'Let in',
    letInName: (name: string) => `Let in ${name}`,
    refuse: 'Refuse',
    refuseName: (name: string) => `Refuse ${name}`,
    announce: (name: string) => `${name} wants to join. Let them in or refuse them.`,
    many: (n: number) => `${n} people are waiting`,
    failed: 'Your answer could not be sent. Try again.',
    gone: 'They are no longer waiting.',
  },

  settings: { heading: 'Settings', detail: 'Changes take effect at once.', nothing: 'There is nothing to choose: your browser shows this page no devices.' },

  invite: {
    heading: 'Share link',
    detail: 'This room is end-to-end encrypted. Only people whose link ends with this key can see and hear you.',
    link: 'Link that asks for a room code',
    linkDetail: 'Give it to people together with their room code.',
    fragment: 'Key to add to the end of everyone’s link',
    fragmentDetail: 'Works with every link of this room. Do not pass on your own link: it opens the room in your role.',
    copyLink: 'Copy link',
    copyKey: 'Copy key',
    copied: 'Copied.',
    notCopied: 'Select the text and copy it.',
  },

  notice: {
    dismiss: 'Dismiss',
    mutedByHost: 'The host muted you.',
    cameraStoppedByHost: 'The host turned your camera off.',
    screenStoppedByHost: 'The host stopped your screen share.',
    connectionLost: 'Connection lost. Coming back…',
    connectionBack: 'You are back in the call.',
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
  right: {
    microphone: 'your microphone',
    camera: 'your camera',
    screen_share: 'screen sharing',
    chat: 'the chat',
  },
} as const;

/** MessageKind is every message that takes the whole page. */
export type MessageKind = keyof typeof text.message;
