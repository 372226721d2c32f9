// Passkeys: a button asks us what to put to the browser, puts it, and sends back what the browser answered.
// Where the browser has no passkeys the button stays hidden, and the page offers its other ways.

if (window.PublicKeyCredential && window.isSecureContext) {
  for (const place of document.querySelectorAll("[data-passkey]")) {
    place.hidden = false;
    place.querySelector("button").addEventListener("click", () => ask(place));
  }
}

async function ask(place) {
  const button = place.querySelector("button");
  const problem = place.querySelector("[role=alert]");
  problem.hidden = true;
  button.disabled = true;
  try {
    const options = await post(place, place.dataset.options, {});
    if (options.next) return location.assign(options.next);
    const shown = place.dataset.passkey === "new" ? await make(options) : await show(options);
    if (place.dataset.name) shown.name = document.getElementById(place.dataset.name).value;
    const answer = await post(place, place.dataset.answer, shown);
    if (answer.next) return location.assign(answer.next);
    say(problem, answer.problem ?? place.dataset.failed);
  } catch {
    say(problem, place.dataset.failed); // called off, or not possible here
  }
  button.disabled = false;
}

async function post(place, address, content) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": place.dataset.token },
    body: JSON.stringify(content),
  });
  return answer.json();
}

async function make(options) {
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: (options.excludeCredentials ?? []).map((one) => ({ ...one, id: bytes(one.id) })),
    },
  });
  return {
    ...named(made),
    response: {
      clientDataJSON: text(made.response.clientDataJSON),
      attestationObject: text(made.response.attestationObject),
      transports: made.response.getTransports?.() ?? [],
    },
  };
}

async function show(options) {
  const shown = await navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      allowCredentials: (options.allowCredentials ?? []).map((one) => ({ ...one, id: bytes(one.id) })),
    },
  });
  return {
    ...named(shown),
    response: {
      clientDataJSON: text(shown.response.clientDataJSON),
      authenticatorData: text(shown.response.authenticatorData),
      signature: text(shown.response.signature),
      userHandle: shown.response.userHandle ? text(shown.response.userHandle) : null,
    },
  };
}

function named(credential) {
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, clientExtensionResults: {} };
}

function say(problem, words) {
  problem.textContent = words;
  problem.hidden = false;
}

function bytes(base64url) {
  const plain = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
