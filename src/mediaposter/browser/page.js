// What our programs can do in a page. One function expression, one argument, JSON text out; no globals but
// window.__mediaposter, which holds what takes longer than one call.
//
// A target is {css: [selectors], label: [words], exact: bool}: the first visible element of the selectors whose
// accessible name or text is (or begins with) one of the words, whatever their case.
function (request) {
  "use strict";

  var found = function (target) {
    var all = [].concat.apply([], target.css.map(function (css) { return [].slice.call(document.querySelectorAll(css)); }));
    return all.filter(function (element) { return visible(element) && named(element, target); });
  };
  var visible = function (element) {
    var box = element.getBoundingClientRect();
    var style = getComputedStyle(element);
    return box.width > 0 && box.height > 0 && style.visibility !== "hidden" && style.display !== "none";
  };
  var text = function (element) {
    return (element.innerText || element.textContent || "").replace(/\s+/g, " ").trim();
  };
  var named = function (element, target) {
    if (!target.label || !target.label.length) return true;
    var names = [element.getAttribute("aria-label") || "", text(element)].map(function (name) { return name.toLowerCase(); });
    return target.label.some(function (word) {
      var wanted = word.toLowerCase();
      return names.some(function (name) {
        return target.exact ? name === wanted : name === wanted || (name.indexOf(wanted) === 0 && name.length < wanted.length + 40);
      });
    });
  };
  var typed = function (element) {
    return element.tagName === "TEXTAREA" || element.tagName === "INPUT";
  };
  var disabled = function (element) {
    return element.disabled === true || element.getAttribute("aria-disabled") === "true";
  };

  var operations = {
    // Which of the named targets are there: {names: {name: count}}, and what the page says of itself.
    look: function () {
      var counts = {};
      Object.keys(request.targets).forEach(function (name) { counts[name] = found(request.targets[name]).length; });
      return { counts: counts, ready: document.readyState, title: document.title };
    },
    // The words and state of the first element of a target.
    read: function () {
      var element = found(request.target)[0];
      if (!element) return { found: false };
      return { found: true, text: typed(element) ? element.value : text(element), disabled: disabled(element) };
    },
    // Words into a field, as its framework hears them: the native setter and an input event, or an insertion.
    fill: function () {
      var element = found(request.target)[0];
      if (!element) return { found: false };
      element.focus();
      if (typed(element)) {
        var kind = element.tagName === "TEXTAREA" ? HTMLTextAreaElement : HTMLInputElement;
        Object.getOwnPropertyDescriptor(kind.prototype, "value").set.call(element, request.text);
        element.dispatchEvent(new Event("input", { bubbles: true }));
        element.dispatchEvent(new Event("change", { bubbles: true }));
        return { found: true, text: element.value };
      }
      var selection = getSelection();
      selection.selectAllChildren(element);
      document.execCommand(request.text ? "insertText" : "delete", false, request.text);
      return { found: true, text: text(element) };
    },
    // A press as fingers make it: menus listen to pointers, buttons to clicks.
    press: function () {
      var element = found(request.target)[0];
      if (!element) return { found: false };
      if (disabled(element)) return { found: true, pressed: false, disabled: true };
      element.scrollIntoView({ block: "center", inline: "center" });
      var box = element.getBoundingClientRect();
      var point = { clientX: box.left + box.width / 2, clientY: box.top + box.height / 2 };
      var events = [["PointerEvent", "pointerover"], ["PointerEvent", "pointerdown"], ["MouseEvent", "mousedown"],
        ["PointerEvent", "pointerup"], ["MouseEvent", "mouseup"]];
      events.forEach(function (entry) {
        var type = entry[0] === "PointerEvent" && window.PointerEvent ? PointerEvent : MouseEvent;
        element.dispatchEvent(new type(entry[1], { bubbles: true, cancelable: true, composed: true, button: 0,
          buttons: 1, pointerId: 1, pointerType: "mouse", isPrimary: true, clientX: point.clientX, clientY: point.clientY }));
      });
      element.click();
      return { found: true, pressed: true };
    },
    // Elements with their identity: the part of `attribute` that `pattern` captures, and their words.
    list: function () {
      var pattern = new RegExp(request.pattern);
      var items = found(request.target).map(function (element) {
        var match = pattern.exec(element.getAttribute(request.attribute) || "");
        return match ? { id: match[1], text: text(element), label: element.getAttribute("aria-label") || "" } : null;
      });
      return { items: items.filter(Boolean) };
    },
    // One page further down a list that loads as it is scrolled.
    scroll: function () {
      var before = document.documentElement.scrollHeight;
      window.scrollTo(0, before);
      return { height: before, bottom: window.scrollY + window.innerHeight >= before - 2 };
    },
    // Where a picture or video comes from.
    source: function () {
      var element = found(request.target)[0];
      return element ? { found: true, source: element.currentSrc || element.src || "" } : { found: false };
    },
    // Fetch with the page's own session; the outcome is kept under `job` until `chunk` has read it.
    fetch: function () {
      var jobs = (window.__mediaposter = window.__mediaposter || {});
      var job = (jobs[request.job] = { done: false });
      fetch(request.url, { credentials: "include" })
        .then(function (answer) {
          if (!answer.ok) throw new Error("status " + answer.status);
          return answer.blob();
        })
        .then(function (blob) { job.blob = blob; job.size = blob.size; job.done = true; })
        .catch(function (error) { job.error = String(error.message || error); job.done = true; });
      return { started: true };
    },
    // A part of what was fetched, as base64; asked for twice, since reading is not done at once.
    chunk: function () {
      var job = (window.__mediaposter || {})[request.job];
      if (!job) return { lost: true };
      if (!job.done || job.error) return { done: job.done, error: job.error || null };
      if (request.forget) { delete window.__mediaposter[request.job]; return { done: true }; }
      if (job.at !== request.start) {
        job.at = request.start; job.part = null;
        var reader = new FileReader();
        reader.onload = function () { if (job.at === request.start) job.part = String(reader.result).split(",")[1] || ""; };
        reader.readAsDataURL(job.blob.slice(request.start, request.start + request.size));
      }
      return { done: true, error: null, total: job.size, part: job.part };
    },
  };

  if (request.origin && location.origin !== request.origin) return JSON.stringify({ elsewhere: location.href });
  return JSON.stringify({ at: location.href, answer: operations[request.op]() });
}
