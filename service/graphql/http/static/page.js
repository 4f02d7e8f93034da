// GraphiQL with the token from the input field, in session storage until the tab is closed. Queries are kept in memory alone.
"use strict";
(function () {
  const KEY = "mandate.token";
  const NARROW = 720;
  const field = document.getElementById("token");
  const who = document.getElementById("who");
  const welcome = document.getElementById("welcome");
  const place = document.getElementById("graphiql");
  let socket = null;

  // What GraphiQL would leave in the browser.
  function memory() {
    const kept = new Map();
    return {
      get length() { return kept.size; },
      getItem: function (key) { return kept.has(key) ? kept.get(key) : null; },
      setItem: function (key, value) { kept.set(key, String(value)); },
      removeItem: function (key) { kept.delete(key); },
      clear: function () { kept.clear(); },
    };
  }

  async function ask(request, token) {
    const headers = { "content-type": "application/json", accept: "application/json", authorization: "Bearer " + token };
    const response = await fetch("/graphql", { method: "POST", headers: headers, body: JSON.stringify(request) });
    return response.json();
  }

  // Of the operation that is asked for: GraphiQL may still have the name of an earlier one.
  function chosen(request, options) {
    const all = options.documentAST.definitions.filter(function (each) { return each.kind === "OperationDefinition"; });
    const named = all.filter(function (each) { return each.name && each.name.value === request.operationName; });
    return named[0] || all[0];
  }

  function answer(request, options, token) {
    const operation = options && options.documentAST && chosen(request, options);
    if (!operation) return ask(request, token);
    const name = operation.name ? operation.name.value : undefined;
    const sent = { query: request.query, variables: request.variables, operationName: name };
    return operation.operation === "subscription" ? follow(sent) : ask(sent, token);
  }

  function follow(request) {
    return {
      subscribe: function (observer) {
        const stop = socket.subscribe(request, {
          next: function (result) { observer.next(result); },
          error: function (problem) {
            const said = Array.isArray(problem) ? problem : [{ message: problem.reason || problem.message || "disconnected" }];
            observer.next({ errors: said });
            observer.complete();
          },
          complete: function () { observer.complete(); },
        });
        return { unsubscribe: stop };
      },
    };
  }

  function leave(token) {
    ReactDOM.unmountComponentAtNode(place);
    if (socket) socket.dispose();
    socket = token && graphqlWs.createClient({
      url: location.origin.replace(/^http/, "ws") + "/graphql",
      connectionParams: { Authorization: "Bearer " + token },
    });
  }

  function open(token) {
    ReactDOM.render(
      React.createElement(GraphiQL, {
        fetcher: function (request, options) { return answer(request, options, token); },
        storage: memory(),
        defaultTabs: window.EXAMPLES,
        defaultEditorToolsVisibility: innerWidth > NARROW ? "variables" : false,
        isHeadersEditorEnabled: false,
      }),
      place
    );
  }

  async function show(token) {
    leave(token);
    let said = "Paste a token to begin.";
    let viewer = null;
    if (token) {
      try {
        const answer = await ask({ query: "{ viewer { subject authority roles } }" }, token);
        viewer = answer.data && answer.data.viewer;
        said = viewer
          ? viewer.subject + " for " + viewer.authority + ": " + viewer.roles.join(", ").toLowerCase()
          : answer.errors[0].message;
      } catch (problem) {
        said = "The register is not responding.";
      }
    }
    if (token !== field.value) return;
    who.textContent = said;
    welcome.hidden = Boolean(viewer);
    place.hidden = !viewer;
    if (viewer) open(token);
  }

  // Long lines of a question are wrapped, as those of an answer are.
  new MutationObserver(function () {
    place.querySelectorAll(".CodeMirror").forEach(function (each) {
      if (!each.CodeMirror.getOption("lineWrapping")) each.CodeMirror.setOption("lineWrapping", true);
    });
  }).observe(place, { childList: true, subtree: true });

  Object.keys(localStorage)
    .filter(function (key) { return key.startsWith("graphiql:"); })
    .forEach(function (key) { localStorage.removeItem(key); });
  field.value = sessionStorage.getItem(KEY) || "";
  field.addEventListener("change", function () {
    field.value = field.value.trim().replace(/^Bearer\s+/i, "");
    sessionStorage.setItem(KEY, field.value);
    show(field.value);
  });
  show(field.value);
})();
