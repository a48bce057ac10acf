// Runs in the join page before its own scripts, and tells how far it has come:
// each thing once, and as soon as it is so. See visitor.go.
(() => {
  const told = new Set();
  const tell = (what, detail) => {
    if (told.has(what)) return;
    told.add(what);
    roomkeyBench(JSON.stringify({ what, ...detail }));
  };

  // A tile says itself whether it is one's own, which may be known only after
  // the video is there.
  const remote = (video) => video.closest('[data-lk-local-participant="false"]') !== null;

  const watched = new WeakSet();
  const watch = (video) => {
    if (watched.has(video) || !remote(video)) return;
    watched.add(video);
    video.requestVideoFrameCallback((_, { width, height }) => remote(video) && tell('frame', { width, height }));
  };

  const look = () => {
    const main = document.querySelector('main');
    switch (main?.dataset.screen) {
      case 'prejoin': {
        const field = main.querySelector('form input');
        const button = main.querySelector('form button');
        if (!field || !button || button.disabled) return;
        field.focus();
        tell('form');
        return;
      }
      case 'call':
        tell('call');
        main.querySelectorAll('video').forEach(watch);
        return;
      case 'message':
      case 'waiting':
      case 'code':
        tell('stopped', { text: main.innerText.slice(0, 200) });
    }
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
})();
