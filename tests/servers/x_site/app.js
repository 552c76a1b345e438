// Behaves as X's front end: a composer that is an editable element and hears insertions only, a button that wakes with
// it, posts that come a little after the page.
(function () {
  "use strict";
  var config = JSON.parse(document.getElementById("config").textContent);
  var el = function (tag, attributes, words) {
    var made = document.createElement(tag);
    Object.keys(attributes || {}).forEach(function (name) { made.setAttribute(name, attributes[name]); });
    if (words) made.textContent = words;
    return made;
  };
  var root = document.querySelector("main");

  if (config.page === "compose") {
    var box = el("div", { contenteditable: "true", role: "textbox", "data-testid": "tweetTextarea_0" });
    box.style.cssText = "min-height:60px;width:400px;border:1px solid";
    var send = el("button", { "data-testid": "tweetButton", "aria-disabled": "true" }, "Post");
    var heard = "";
    box.addEventListener("beforeinput", function (event) {
      event.preventDefault();
      heard = event.inputType === "insertText" ? event.data : "";
      box.textContent = heard;
      send.setAttribute("aria-disabled", heard ? "false" : "true");
    });
    send.addEventListener("click", function () {
      if (!heard) return;
      send.setAttribute("aria-disabled", "true");
      fetch("/api/post", { method: "POST", body: JSON.stringify({ text: heard, reply_to: config.reply_to }) })
        .then(function (answer) { return answer.json(); })
        .then(function (told) {
          if (told.toast) document.body.appendChild(el("div", { "data-testid": "toast", role: "alert" }, told.toast));
          if (told.done) { heard = ""; box.textContent = ""; }
        });
    });
    root.appendChild(box);
    root.appendChild(send);
  }

  if (config.page === "list") {
    setTimeout(function () {
      config.posts.forEach(function (post) {
        var article = el("article", { "data-testid": "tweet" });
        article.style.cssText = "display:block;min-height:90px";
        var link = el("a", { href: "/" + post.by + "/status/" + post.id });
        link.appendChild(el("time", { datetime: post.at }, "now"));
        article.appendChild(link);
        article.appendChild(el("div", { "data-testid": "tweetText" }, post.text));
        var group = el("div", { role: "group", "aria-label": post.counts }, "...");
        article.appendChild(group);
        root.appendChild(article);
      });
      if (!config.posts.length) root.appendChild(el("div", { "data-testid": "emptyState" }, "Nothing here"));
    }, 150);
  }
})();
