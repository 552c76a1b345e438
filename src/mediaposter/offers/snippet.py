"""The script that an offer's page carries: it keeps the ids of clicks and tells of conversions. About a kilobyte."""

import json

_SCRIPT = """(function () {
  "use strict";
  var endpoint = %(endpoint)s, parameter = %(parameter)s, key = "mediaposter.clicks", days = 30;
  function read() {
    try {
      var oldest = Date.now() - days * 864e5;
      return (JSON.parse(localStorage.getItem(key)) || []).filter(function (one) { return one.at > oldest; });
    } catch (error) { return []; }
  }
  var clicks = read(), click = new URLSearchParams(location.search).get(parameter);
  if (click && /^click_[0-9a-z]{26}$/.test(click) && !clicks.some(function (one) { return one.id === click; })) {
    clicks.push({ id: click, at: Date.now() });
    if (clicks.length > 6) { clicks.splice(1, clicks.length - 6); }
    try { localStorage.setItem(key, JSON.stringify(clicks)); } catch (error) { /* private browsing: this page only */ }
  }
  function ids(mark) { return clicks.map(function (one) { return one.id; }).join(mark); }
  window.mediaposter = {
    clicks: function () { return ids("."); },
    /* For client_reference_id of Stripe, which takes letters, digits, dashes and underscores. */
    reference: function () { return ids("-"); },
    convert: function (event) {
      var told = Object.assign({ kind: "lead" }, event, { click: ids(".") });
      return fetch(endpoint, { method: "POST", body: JSON.stringify(told), keepalive: true, credentials: "omit" });
    }
  };
})();
"""


def script_for(endpoint: str, parameter: str) -> str:
    """Return the script. It writes `window.mediaposter` and makes no request by itself."""
    # Inside a script, "</" could end it; JSON keeps the rest apart from the code.
    safe = {
        name: json.dumps(value).replace("</", "<\\/")
        for name, value in (("endpoint", endpoint), ("parameter", parameter))
    }
    return _SCRIPT % safe
