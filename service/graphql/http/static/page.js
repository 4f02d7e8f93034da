// GraphiQL with the token from the input field. The token is kept in session storage and removed with the tab.
"use strict";
(function () {
  const KEY = "mandate.token";
  const field = document.getElementById("token");
  const who = document.getElementById("who");
  const place = document.getElementById("graphiql");

  function headers(token) {
    const own = { "content-type": "application/json", accept: "application/json" };
    return token ? { ...own, authorization: "Bearer " + token } : own;
  }

  async function ask(request, token) {
    const response = await fetch("/graphql", { method: "POST", headers: headers(token), body: JSON.stringify(request) });
    return response.json();
  }

  async function introduce(token) {
    if (!token) {
      who.textContent = "Paste a token to begin.";
      return;
    }
    const answer = await ask({ query: "{ viewer { subject authority roles } }" }, token);
    const viewer = answer.data && answer.data.viewer;
    who.textContent = viewer
      ? viewer.subject + " for " + viewer.authority + ": " + viewer.roles.join(", ").toLowerCase()
      : answer.errors[0].message;
  }

  function show(token) {
    introduce(token).catch(function () { who.textContent = "The register is not responding."; });
    ReactDOM.render(
      React.createElement(GraphiQL, {
        key: token,
        fetcher: function (request) { return ask(request, token); },
        defaultTabs: window.EXAMPLES.map(function (query) { return { query: query }; }),
        defaultEditorToolsVisibility: "variables",
        isHeadersEditorEnabled: false,
      }),
      place
    );
  }

  field.value = sessionStorage.getItem(KEY) || "";
  field.addEventListener("change", function () {
    const token = field.value.trim().replace(/^Bearer\s+/i, "");
    sessionStorage.setItem(KEY, token);
    show(token);
  });
  show(field.value);
})();
