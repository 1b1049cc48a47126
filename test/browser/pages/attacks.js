// What a hostile page can try against a server on the same machine.
window.attacks = {
  /** @returns {Promise<number | undefined>} the status, when the page got any bytes, be it those of a refusal */
  async reads(url) {
    try {
      const reply = await fetch(url);
      return (await reply.arrayBuffer()).byteLength > 0 ? reply.status : undefined;
    } catch {
      return undefined;
    }
  },

  simpleFetch(url, source) {
    return fetch(`${url}/sessions`, { method: 'POST', mode: 'no-cors', body: JSON.stringify({ source }) }).catch(
      String,
    );
  },

  jsonFetch(url, source) {
    const headers = { 'content-type': 'application/json' };
    return fetch(`${url}/sessions`, { method: 'POST', headers, body: JSON.stringify({ source }) }).catch(String);
  },

  /** A form whose body is valid JSON. */
  form(url, source) {
    const form = document.createElement('form');
    Object.assign(form, { method: 'POST', enctype: 'text/plain', action: `${url}/sessions` });
    const input = document.createElement('input');
    Object.assign(input, { name: `{"source":${JSON.stringify(source)},"x":"`, value: '"}' });
    form.append(input);
    document.body.append(form);
    form.submit();
  },

  beacon(url, source) {
    navigator.sendBeacon(`${url}/sessions`, new Blob([JSON.stringify({ source })], { type: 'text/plain' }));
  },

  cleanupBeacon(url, id) {
    navigator.sendBeacon(`${url}/cleanup?id=${id}`);
  },

  /** A frame whose origin is "null". */
  sandbox(url, source) {
    const frame = document.createElement('iframe');
    frame.setAttribute('sandbox', 'allow-scripts allow-forms');
    const body = JSON.stringify(JSON.stringify({ source }));
    const to = JSON.stringify(`${url}/sessions`);
    frame.srcdoc = `<script>fetch(${to}, { method: 'POST', mode: 'no-cors', body: ${body} })</script>`;
    document.body.append(frame);
  },

  /** @returns {Promise<string>} the first event of an element that loads the address, or `nothing` */
  loads(url, element) {
    return new Promise((resolve) => {
      const made = document.createElement(element);
      for (const event of ['load', 'loadedmetadata', 'error']) made.addEventListener(event, () => resolve(event));
      setTimeout(() => resolve('nothing'), 3000);
      made.setAttribute('src', url);
      document.body.append(made);
    });
  },

  frame(url) {
    const frame = document.createElement('iframe');
    frame.src = url;
    document.body.append(frame);
  },
};
