// Runs in the join page before its own scripts. It types a name and joins as
// soon as it can, and gives the times at which the page had come how far, in
// milliseconds since 1970. See page.go.
window.roomkeyBench = new Promise((resolve, reject) => {
  const marks = {};
  const mark = (what, at = performance.now()) => (marks[what] ??= performance.timeOrigin + at);

  window.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args);
      this.addEventListener('message', () => mark('signalling'), { once: true });
    }
  };
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...args) {
      super(...args);
      this.addEventListener('connectionstatechange', () => this.connectionState === 'connected' && mark('ice'));
    }
  };

  const join = (form) => {
    const field = form.querySelector('input');
    // React does not notice a value that is set at the element itself.
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, 'Visitor');
    field.dispatchEvent(new Event('input', { bubbles: true }));
    setTimeout(() => form.requestSubmit());
  };

  const seen = () => {
    mark('frame');
    mark('document', performance.getEntriesByType('navigation')[0].responseEnd);
    const exchange = performance.getEntriesByType('resource').find(({ name }) => name.endsWith('/v2/token'));
    mark('exchange', exchange.responseEnd);
    resolve(marks);
  };

  const watched = new WeakSet();
  const look = () => {
    const main = document.querySelector('main');
    switch (main?.dataset.screen) {
      case 'prejoin': {
        const form = main.querySelector('form');
        if (!form || marks.form) return;
        mark('form');
        return join(form);
      }
      case 'call':
        for (const video of main.querySelectorAll('video')) {
          if (watched.has(video) || !video.closest('[data-lk-local-participant="false"]')) continue;
          watched.add(video);
          video.requestVideoFrameCallback(seen);
        }
        return;
      case 'message':
      case 'waiting':
      case 'code':
        reject(new Error(main.innerText.slice(0, 200)));
    }
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
});
