// Deutsch. Alles, was die Seite sagt; die Schlüssel sind die von text.ts.

import type { Text } from '../text';

const roles: Record<string, string> = { host: 'Gastgeber', guest: 'Gast', viewer: 'Zuschauer' };

const seconds = (n: number) => (n === 1 ? '1 Sekunde' : `${n} Sekunden`);
const minutes = (n: number) => (n === 1 ? '1 Minute' : `${n} Minuten`);

const when = (at: string) =>
  new Intl.DateTimeFormat('de', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', hour: 'numeric', minute: '2-digit', timeZoneName: 'short' }).format(new Date(at));

const yourDevices = { camera: 'deine Kamera', microphone: 'dein Mikrofon', both: 'deine Kamera und dein Mikrofon' };

const noMedia = 'Ton und Bild kommen nicht durch';

const german: Text = {
  product: 'Roomkey',
  noScript: 'Diese Seite braucht JavaScript für den Anruf.',
  loading: 'Der Raum wird gesucht …',
  comingBack: 'Du kommst zurück in den Anruf …',
  role: (role) => (Object.hasOwn(roles, role) ? (roles[role] as string) : role),
  title: (room) => `${room} · Roomkey`,
  you: 'Du',
  nobody: 'Jemand',
  calendar: 'In den Kalender eintragen',

  code: {
    heading: 'Gib deinen Raumcode ein',
    intro: ['Mit einem Raumcode kommst du in „', '“.'],
    label: 'Raumcode',
    hint: 'Zehn Buchstaben, wie wpi-srjb-wer. Großschreibung, Leerzeichen und Bindestriche spielen keine Rolle. Du kannst auch einen ganzen Link einfügen.',
    submit: 'Weiter',
    checking: 'Wird geprüft …',
    malformed: 'Das ist kein Raumcode: Er hat zehn Buchstaben, wie wpi-srjb-wer.',
    wrong: 'Dieser Code öffnet keinen Raum. Prüfe ihn, oder bitte um einen neuen, wo du ihn bekommen hast.',
    required: 'In diesen Raum kommt man nur mit einem Raumcode.',
    haveToken: 'Ich habe ein Zugangstoken',
    tokenLabel: 'Zugangstoken',
    tokenHint: 'Wird behalten, bis du diesen Tab schließt.',
    tokenSubmit: 'Zugangstoken verwenden',
    tokenWrong: 'Dieses Zugangstoken gilt hier nicht oder ist abgelaufen.',
  },

  prejoin: {
    heading: (room) => `${room} beitreten`,
    asRole: 'Du kommst als:',
    nameLabel: 'Dein Name',
    nameHint: 'Alle im Raum sehen ihn.',
    nameMissing: 'Bitte gib deinen Namen ein.',
    join: 'Beitreten',
    joining: 'Du trittst bei …',
    watchOnly: 'Du siehst und hörst zu.',
    watchOnlyDetail: 'In diesem Raum kannst du weder Kamera noch Mikrofon benutzen.',
    waits: 'Du musst warten, bis ein Gastgeber dich einlässt.',
    starts: (at) => `Beginn: ${when(at)}. Du kannst schon jetzt beitreten: Der Anruf beginnt dann von selbst.`,
    startsEarly: (at) => `Beginn: ${when(at)}. Du kannst schon vorher hinein; die anderen warten bis dahin.`,
    inside: (names, more) => `Jetzt im Raum: ${names.join(', ')}${more > 0 ? ` und ${more} weitere` : ''}.`,
    encrypted: 'Ende-zu-Ende-verschlüsselt.',
    encryptedDetail: 'Nur wer den ganzen Link hat, sieht und hört, was in diesem Raum geschieht. Der Server kann es nicht.',
    encryptedFirst: 'Dein Link hat noch keinen Schlüssel. Wenn du zuerst da bist, wird einer gemacht, und du bekommst den Link zum Weitergeben.',
    preview: 'Deine Kamera und dein Mikrofon',
    cameraOff: 'Deine Kamera ist aus',
    cameraStarting: 'Deine Kamera startet …',
    noCameraAllowed: 'Du kommst nur mit dem Mikrofon',
  },

  signIn: {
    required: 'In diesen Raum kommt nur, wer sich angemeldet hat.',
    offer: 'Oder komm unter einem Namen, dem andere vertrauen können:',
    noWay: 'Ohne Zugangstoken kann sich hier niemand anmelden. Frag dort, wo du den Link bekommen hast.',
    way: (name) => `Mit ${name} anmelden`,
    as: 'Du bist angemeldet als',
    verified: '(bestätigt)',
    out: 'Abmelden',
  },

  devices: {
    camera: 'Kamera',
    microphone: 'Mikrofon',
    speaker: 'Lautsprecher',
    unnamed: (n) => `Gerät ${n}`,
    choose: 'Geräte wählen',
    speak: 'Sag etwas: Der Balken zeigt, ob dein Mikrofon dich hört.',
    heard: 'Dein Mikrofon hört dich.',
    testSpeaker: 'Lautsprecher testen',
    insecure: 'Kameras und Mikrofone brauchen eine https-Adresse.',
    denied: (device) => `Dein Browser erlaubt dieser Seite nicht, ${yourDevices[device]} zu benutzen. Du kannst es in der Adresszeile erlauben.`,
    missing: (device) => `Es wurde ${{ camera: 'keine Kamera', microphone: 'kein Mikrofon', both: 'weder Kamera noch Mikrofon' }[device]} gefunden.`,
    busy: (device) => `${{ camera: 'Deine Kamera konnte', microphone: 'Dein Mikrofon konnte', both: 'Deine Kamera und dein Mikrofon konnten' }[device]} nicht gestartet werden. Vielleicht benutzt ein anderes Programm das Gerät.`,
    unblurred: () => 'Dein Hintergrund konnte nicht unscharf gemacht werden. Darum bleibt deine Kamera aus. Um sie trotzdem zu benutzen, schalte die Unschärfe aus.',
    short: { denied: 'nicht erlaubt', missing: 'nicht gefunden', busy: 'geht nicht', unblurred: 'nicht unscharf' },
    blur: 'Hintergrund unscharf machen',
    without: 'Du kannst trotzdem beitreten.',
    noPreview: 'Deine Kamera und dein Mikrofon können hier nicht gezeigt werden. Du kannst trotzdem beitreten.',
  },

  waiting: {
    heading: 'Du wartest auf Einlass',
    detail: (room) => `Du musst nichts tun: Der Anruf beginnt von selbst, sobald ein Gastgeber von ${room} dich einlässt.`,
    startHeading: 'Du wartest auf den Beginn',
    start: (room, at) => `Beginn von ${room}: ${when(at)}. Du musst nichts tun: Der Anruf beginnt von selbst.`,
    unseen: 'Noch sieht und hört dich niemand im Raum.',
    cancel: 'Abbrechen',
  },

  lost: {
    heading: 'Verbindung verloren. Du kommst zurück …',
    detail: 'Vielleicht startet der Server neu. Du musst nichts tun: Diese Seite bringt dich zurück in den Anruf.',
  },

  message: {
    link: {
      heading: 'Das Treffen ist vielleicht vorbei',
      detail: 'Dieser Link führt jetzt nirgendwohin: Das Treffen ist zu Ende, oder der Link ist vertippt, abgeschaltet, aufgebraucht oder abgelaufen. Bitte um einen neuen, wo du ihn bekommen hast.',
      action: 'Noch einmal versuchen',
    },
    full: { heading: 'Der Raum ist voll', detail: 'Sobald jemand geht, kannst du beitreten.', action: 'Noch einmal versuchen' },
    ended: { heading: 'Der Raum ist zu Ende', detail: 'Der Anruf ist für alle vorbei. Du kannst diese Seite schließen.', action: '' },
    removed: { heading: 'Du wurdest aus dem Raum entfernt', detail: 'Ein Gastgeber hat dich entfernt. Wenn es ein Versehen war, frag nach, bevor du wieder beitrittst.', action: 'Wieder beitreten' },
    refused: { heading: 'Du wurdest nicht eingelassen', detail: 'Ein Gastgeber dieses Raums hat deine Anfrage abgelehnt. Wenn es ein Versehen war, frag nach und versuche es noch einmal.', action: 'Noch einmal versuchen' },
    blocked: { heading: 'Du bist in diesem Raum blockiert', detail: 'Ein Gastgeber dieses Raums hat dich blockiert. Wenn es ein Versehen war, frag nach.', action: 'Noch einmal versuchen' },
    closed: {
      heading: 'Dieser Link lässt niemanden mehr ein',
      detail: 'Ein Gastgeber dieses Raums hat jemanden blockiert, der auf diesem Weg kam. Darum kommt man so nur noch mit einem Zugangstoken hinein. Bitte den Gastgeber um einen anderen Link.',
      action: 'Noch einmal versuchen',
    },
    signin: { heading: 'Du musst dich anmelden', detail: 'In diesen Raum kommt nur, wer sich angemeldet hat.', action: 'Anmelden' },
    forbidden: { heading: 'Du kannst nicht beitreten', detail: 'Der Server lässt dich auf diesem Weg nicht ein. Frag dort, wo du den Link bekommen hast.', action: 'Noch einmal versuchen' },
    over: { heading: 'Du kannst nicht mehr beitreten', detail: 'Während du gewartet hast, ist der Raum zu Ende gegangen, deine Anfrage abgelaufen oder der Link abgeschaltet worden. Bitte einen Gastgeber um einen neuen Link, oder versuche es noch einmal.', action: 'Noch einmal versuchen' },
    left: { heading: 'Du hast den Anruf verlassen', detail: 'Du kannst zurückkommen, solange der Raum offen ist.', action: 'Wieder beitreten' },
    duplicate: { heading: 'Du bist anderswo im Anruf', detail: 'Ein anderes Fenster hat deinen Platz in diesem Anruf übernommen. Dieses kannst du schließen.', action: 'Hier wieder beitreten' },
    busy: { heading: 'Zu viele Versuche', detail: 'Warte ein wenig, bevor du es noch einmal versuchst.', action: 'Noch einmal versuchen' },
    unreached: { heading: 'Der Server ist nicht erreichbar', detail: 'Dein Browser bekommt keine Antwort von ihm. Prüfe deine Netzverbindung. Wenn sie in Ordnung ist, startet vielleicht der Server neu.', action: 'Noch einmal versuchen' },
    unavailable: { heading: 'Der Anruf ist nicht erreichbar', detail: 'Der Server antwortet, konnte dich aber nicht in den Anruf bringen. Vielleicht startet er gerade neu. Versuche es gleich noch einmal.', action: 'Noch einmal versuchen' },
    websocket: {
      heading: 'Die Verbindung für den Anruf kommt nicht zustande',
      detail: 'Dein Browser erreicht den Server, aber der WebSocket, den jeder Anruf braucht, wurde nicht geöffnet. Ein Proxy, eine Firewall oder eine Erweiterung des Browsers kann ihn verhindern. Versuche es mit einem anderen Netz, oder ohne VPN und Erweiterungen.',
      action: 'Noch einmal versuchen',
    },
    mediaserver: {
      heading: 'Der Medienserver ist nicht erreichbar',
      detail: 'Dein Browser erreicht den Server dieser Seite, aber nicht den für Ton und Bild. Den Grund sagt er dieser Seite nicht: Vielleicht ist das Zertifikat ungültig, oder das Netz sperrt die Adresse. Öffne sie, dann siehst du, was dein Browser dazu sagt:',
      action: 'Noch einmal versuchen',
    },
    browser: { heading: 'Dein Browser konnte den Anruf nicht aufbauen', detail: 'Versuche es noch einmal. Hilft das nicht, nimm einen anderen Browser: ein aktuelles Chrome, Edge, Firefox oder Safari.', action: 'Noch einmal versuchen' },
    nomedia: { heading: noMedia, detail: 'Dein Browser erreicht den Server, aber für Ton und Bild kam keine Verbindung zustande, weder über UDP noch über TCP. Versuche es mit einem anderen Netz, ohne VPN oder mit einem anderen Browser.', action: 'Noch einmal versuchen' },
    noudp: { heading: noMedia, detail: 'Dein Browser erreicht den Server, aber für Ton und Bild kam über UDP keine Verbindung zustande, und der Server bietet keine andere an. Versuche es mit einem anderen Netz oder ohne VPN.', action: 'Noch einmal versuchen' },
    nodtls: { heading: noMedia, detail: 'Dein Browser erreicht den Server, auch dort, wohin Ton und Bild gehen, aber die verschlüsselte Verbindung dafür (DTLS) kam nicht zustande. Versuche es mit einem anderen Netz, ohne VPN oder mit einem anderen Browser.', action: 'Noch einmal versuchen' },
    unsupported: { heading: 'Dieser Browser kann nicht beitreten', detail: 'Er kann kein WebRTC. Nimm eine aktuelle Version von Chrome, Edge, Firefox oder Safari.', action: '' },
    plain: {
      heading: 'Dieser Raum ist nicht verschlüsselt',
      detail: 'Die Ende-zu-Ende-Verschlüsselung wurde in diesem Raum abgeschaltet. Wenn du beitrittst, kann der Server sehen und hören, was darin geschieht. Von dir wurde noch nichts gesendet.',
      action: 'Ohne Verschlüsselung beitreten',
    },
    broken: { heading: 'Etwas ist schiefgegangen', detail: 'Diese Seite hat versagt, darum bist du nicht im Anruf. Deine Kamera und dein Mikrofon sind aus.', action: 'Wieder beitreten' },
    nokey: { heading: 'Der Schlüssel fehlt im Link', detail: 'Dieser Raum ist Ende-zu-Ende-verschlüsselt. Der Schlüssel ist der letzte Teil des Links, nach #key=. Bitte den Gastgeber um den ganzen Link.', action: '' },
  },
  unsupportedEncryption: 'Dieser Raum ist Ende-zu-Ende-verschlüsselt, und das kann dieser Browser nicht. Nimm eine aktuelle Version von Chrome, Edge, Firefox oder Safari.',
  browserSaid: (browser, said) => (said ? `${browser || 'Der Browser'} sagt: ${said}` : browser && `Dein Browser ist ${browser}.`),
  offered: (addresses) => `Der Server hat angeboten: ${addresses}.`,
  busyFor: (n) => (n < 90 ? `Du kannst es in ${seconds(n)} noch einmal versuchen.` : `Du kannst es in ${minutes(Math.ceil(n / 60))} noch einmal versuchen.`),
  key: {
    label: 'Der ganze Link oder sein Schlüssel',
    submit: 'Diesen Schlüssel verwenden',
    wrong: 'Darin ist kein Schlüssel. Ein Schlüssel sieht aus wie #key= mit 43 Buchstaben und Ziffern dahinter.',
  },

  call: {
    leave: 'Verlassen',
  },

  hand: {
    raise: 'Hand heben',
    short: 'Hand',
    raised: 'Hand gehoben',
    announce: (name) => `${name} hebt die Hand.`,
    failed: 'Deine Hand konnte nicht gehoben oder gesenkt werden. Versuche es noch einmal.',
  },

  chat: {
    heading: 'Chat',
    messages: 'Nachrichten',
    empty: 'Noch keine Nachrichten. Nur wer im Anruf ist, sieht, was du schreibst.',
    label: 'Nachricht',
    placeholder: 'Nachricht schreiben',
    send: 'Senden',
    failed: 'Deine Nachricht konnte nicht gesendet werden.',
    many: (n) => `${n} neue Nachrichten im Chat.`,
    from: (name, message) => `${name} schreibt: ${message}`,
    fromAgent: (name, message) => `Der Agent ${name} schreibt: ${message}`,
    agent: 'Agent',
    agentDetail: 'Das hat ein Programm im Auftrag des Gastgebers geschrieben, nicht jemand im Anruf.',
    onlyMe: 'Nur du siehst das',
    readOnly: 'Du kannst in diesem Anruf nicht schreiben.',
  },

  notice: {
    dismiss: 'Schließen',
    mutedByHost: 'Der Gastgeber hat dich stummgeschaltet.',
    cameraStoppedByHost: 'Der Gastgeber hat deine Kamera ausgeschaltet.',
    screenStoppedByHost: 'Der Gastgeber hat das Teilen deines Bildschirms beendet.',
    connectionLost: 'Verbindung verloren. Du kommst zurück …',
    connectionBack: 'Du bist wieder im Anruf.',
    roleNow: (role) => `Deine Rolle ist jetzt: ${role}.`,
    nameNow: (name) => `Ein Gastgeber hat deinen Namen in ${name} geändert.`,
    mayNow: (what) => `Der Gastgeber lässt dich jetzt ${what} benutzen.`,
    mayNoLonger: (what) => `Der Gastgeber lässt dich ${what} nicht mehr benutzen.`,
    cannotDecrypt: (name) => `Was ${name} sendet, ist nicht zu entschlüsseln: anderer Schlüssel.`,
    notEncrypted: (name) => `Was ${name} sendet, ist nicht verschlüsselt. Es wird hier weder abgespielt noch gezeigt.`,
    unexpectedlyEncrypted: (name) => `Was ${name} sendet, ist verschlüsselt, und dieser Raum ist es nicht. Es kann hier weder abgespielt noch gezeigt werden.`,
    plainMessage: (name) => `${name} hat eine Nachricht geschrieben, die nicht verschlüsselt ist. Sie wird hier nicht gezeigt.`,
    joined: (name) => `${name} ist da.`,
    left: (name) => `${name} ist gegangen.`,
    muted: (name) => `${name} hat das Mikrofon ausgeschaltet.`,
    unmuted: (name) => `${name} hat das Mikrofon eingeschaltet.`,
    sharing: (name) => `${name} teilt den Bildschirm.`,
    publishFailed: 'Deine Kamera oder dein Mikrofon konnte den anderen nicht gezeigt werden. Schalte aus und wieder ein.',
    fault: 'Auf dieser Seite ist etwas schiefgegangen. Wenn der Anruf nicht mehr geht, verlasse ihn und tritt wieder bei.',
    screenFailed: 'Dein Bildschirm konnte nicht geteilt werden.',
  },
  kept: {
    before: 'Was im Chat geschrieben wird, wird aufbewahrt. Ein Gastgeber kann es später lesen.',
    inside: 'Dieser Chat wird aufbewahrt: Ein Gastgeber kann ihn später lesen.',
    empty: 'Noch keine Nachrichten.',
    begun: 'Was im Chat geschrieben wird, wird ab jetzt aufbewahrt. Ein Gastgeber kann es später lesen.',
    ended: 'Was im Chat geschrieben wird, wird nicht mehr aufbewahrt.',
  },
  right: {
    microphone: 'dein Mikrofon',
    camera: 'deine Kamera',
    screen_share: 'das Teilen des Bildschirms',
    chat: 'den Chat',
  },
};

export default german;
