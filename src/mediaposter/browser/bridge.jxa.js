// Run by `osascript -l JavaScript bridge.jxa.js JSON`. Takes one JSON argument, answers with one line of JSON.
// Data never becomes part of a script here: what runs in the page came whole, as a string, from the program.
function run(argv) {
  var request = JSON.parse(argv[0]);
  if (request.file) request = JSON.parse(read(request.file));
  try {
    return JSON.stringify({ ok: true, value: OPERATIONS[request.op](Application("Safari"), request) });
  } catch (error) {
    return JSON.stringify({ ok: false, number: error.errorNumber || 0, message: String(error.message || error) });
  }
}

var OPERATIONS = {
  ping: function (safari) {
    return { running: safari.running(), version: safari.version() };
  },
  open: function (safari, request) {
    safari.Document({ url: request.url }).make();
    return String(safari.windows[0].id());
  },
  goto: function (safari, request) {
    tab(safari, request.window).url = request.url;
    return null;
  },
  url: function (safari, request) {
    return tab(safari, request.window).url();
  },
  eval: function (safari, request) {
    return safari.doJavaScript(request.code, { in: tab(safari, request.window) });
  },
  close: function (safari, request) {
    safari.windows.byId(Number(request.window)).close();
    return null;
  },
};

function tab(safari, window) {
  return safari.windows.byId(Number(window)).currentTab();
}

function read(path) {
  var app = Application.currentApplication();
  app.includeStandardAdditions = true;
  return app.read(Path(path), { as: "«class utf8»" });
}
