// Behaves as the site's own front end did: a text area whose framework hears only what it did not set itself, menus that
// open at a pointer, ids that change at every load, a list that loads as it is scrolled.
(function () {
  "use strict";
  var config = JSON.parse(document.getElementById("config").textContent);
  var random = function () { return "radix-" + Math.random().toString(36).slice(2); };
  var el = function (tag, attributes, words) {
    var made = document.createElement(tag);
    Object.keys(attributes || {}).forEach(function (name) { made.setAttribute(name, attributes[name]); });
    if (words) made.textContent = words;
    return made;
  };
  var api = function (path, body) {
    return fetch(path, body ? { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) } : {})
      .then(function (answer) { return answer.json().then(function (told) { return { ok: answer.ok, told: told }; }); });
  };
  var alertWith = function (words) {
    document.querySelectorAll("[role=alert]").forEach(function (one) { one.remove(); });
    document.body.appendChild(el("div", { role: "alert" }, words));
  };

  // As React tracks a field: a value that was set on the element itself is not news when its input event comes.
  var track = function (field, onInput) {
    var native = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value");
    var known = "";
    Object.defineProperty(field, "value", {
      configurable: true,
      get: function () { return native.get.call(field); },
      set: function (value) { known = String(value); native.set.call(field, value); },
    });
    field.addEventListener("input", function () {
      var now = native.get.call(field);
      if (now === known) return;
      known = now;
      onInput(now);
    });
  };

  var menu = function (button, entries, choose) {
    button.id = random();
    button.addEventListener("pointerdown", function (event) {
      if (event.button !== 0 || event.pointerType !== "mouse") return;
      event.preventDefault();
      var old = document.querySelector("[role=menu]");
      if (old) { old.remove(); return; }
      var list = el("div", { role: "menu", id: random(), "aria-labelledby": button.id });
      entries.forEach(function (entry) {
        var item = el("div", { role: "menuitemradio", id: random(), tabindex: "-1" }, entry.words);
        var pressed = false;
        item.addEventListener("pointerdown", function () { pressed = true; });
        item.addEventListener("click", function () { if (pressed) { list.remove(); choose(entry); } });
        list.appendChild(item);
      });
      setTimeout(function () { document.body.appendChild(list); }, config.slow);
    });
  };

  var compose = function (root) {
    var state = { prompt: "", seconds: 10, ratio: "Portrait" };
    var field = el("textarea", { placeholder: "Describe your video..." });
    var length = el("button", { type: "button" }, "10s");
    var ratio = el("button", { type: "button" }, "Portrait");
    var create = el("button", { type: "button" }, config.changed ? "Go!" : "Create video");
    var waiting = el("div");
    var render = function () { create.disabled = !state.prompt.trim() || state.sending; };
    track(field, function (words) { state.prompt = words; render(); });
    menu(length, [10, 15, 25].map(function (n) { return { words: n + " seconds", n: n }; }), function (entry) {
      state.seconds = entry.n; length.textContent = entry.n + "s";
    });
    menu(ratio, [{ words: "Portrait" }, { words: "Landscape" }], function (entry) {
      state.ratio = entry.words; ratio.textContent = entry.words;
    });
    create.addEventListener("click", function () {
      state.sending = true; render();
      api("/api/create", { prompt: state.prompt, seconds: state.seconds, ratio: state.ratio }).then(function (answer) {
        state.sending = false;
        if (!answer.ok) { if (answer.told.message) alertWith(answer.told.message); render(); return; }
        field.value = ""; state.prompt = ""; render();
        waiting.appendChild(el("div", { role: "progressbar", "aria-label": "Generating" }, "Generating"));
      }, function () { state.sending = false; });
    });
    [field, length, ratio, create, waiting].forEach(function (one) { root.appendChild(one); });
    for (var i = 0; i < config.generating; i++) waiting.appendChild(el("div", { role: "progressbar" }, "Generating"));
    render();
  };

  var drafts = function (root) {
    var loaded = 0, busy = false, end = false;
    var more = function () {
      if (busy || end) return;
      busy = true;
      api("/api/drafts?from=" + loaded).then(function (answer) {
        answer.told.items.forEach(function (item) {
          var card = el("a", { href: "/d/" + item.id, "aria-label": item.label });
          card.style.cssText = "display:block;height:180px";
          card.appendChild(el("p", {}, item.state === "done" ? "" : item.words));
          root.appendChild(card);
        });
        loaded += answer.told.items.length; end = answer.told.end; busy = false;
      });
    };
    window.addEventListener("scroll", function () {
      if (window.scrollY + window.innerHeight >= document.documentElement.scrollHeight - 50) more();
    });
    more();
  };

  var settings = function () {
    var gear = el("button", { type: "button" }, "Settings");
    menu(gear, [{ words: "Settings" }, { words: "Log out" }], function (entry) {
      if (entry.words !== "Settings") return;
      var dialog = el("div", { role: "dialog" });
      var tab = el("button", { role: "tab", type: "button" }, "Usage");
      var done = el("button", { type: "button" }, "Done");
      tab.addEventListener("click", function () { dialog.appendChild(el("div", { role: "tabpanel" }, config.usage)); });
      done.addEventListener("click", function () { dialog.remove(); });
      dialog.appendChild(tab); dialog.appendChild(done);
      document.body.appendChild(dialog);
    });
    document.querySelector("header").appendChild(gear);
  };

  setTimeout(function () {
    var root = document.querySelector("main");
    if (config.page === "compose") compose(root);
    if (config.page === "drafts") drafts(root);
    settings();
  }, config.slow);
})();
