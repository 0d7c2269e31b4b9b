/* Makes a Material site usable from a disk (file://), where a page may not fetch, and may not start a worker from a file.
   Runs behind the theme's configuration and before its own script. On http it does nothing. */
(function () {
  "use strict";
  if (location.protocol !== "file:") return;

  // Instant navigation fetches pages. On file:// the theme turns it off in a way that ends all its other parts too.
  var config = document.getElementById("__config");
  var settings = JSON.parse(config.textContent);
  settings.features = settings.features.filter(function (name) { return name.indexOf("navigation.instant") !== 0; });
  config.textContent = JSON.stringify(settings);

  // A folder's address shows a list of files: name the page in it.
  document.addEventListener("click", function (event) {
    var link = event.target instanceof Element && event.target.closest("a[href]");
    if (link && link.protocol === "file:" && link.pathname.slice(-1) === "/") link.pathname += "index.html";
  }, true);

  // The search worker comes as a string in a script, and what it would import beside it.
  var Native = window.Worker;
  var source = document.currentScript.src.replace("offline.js", "search-worker.js");

  // A worker made from a file:// page may not load further scripts, so the stemmers come inside it.
  function start() {
    var parts = window.__dlviz_worker;
    var text =
      "var scripts = " + JSON.stringify(parts.scripts) + ";\n" +
      "importScripts = function () {\n" +
      "  [].forEach.call(arguments, function (url) { (0, eval)(scripts[url.split('/').pop()]); });\n" +
      "};\n" + parts.source;
    return new Native(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
  }

  // The theme is given this at once; messages wait until the real worker is there.
  function SearchWorker() {
    var proxy = new EventTarget();
    var waiting = [];
    var worker = null;
    proxy.postMessage = function (message) {
      if (worker) worker.postMessage(message); else waiting.push(message);
    };
    proxy.terminate = function () { if (worker) worker.terminate(); };
    var script = document.createElement("script");
    script.src = source;
    script.onload = function () {
      worker = start();
      worker.onmessage = function (event) { proxy.dispatchEvent(new MessageEvent("message", { data: event.data })); };
      waiting.forEach(function (message) { worker.postMessage(message); });
    };
    document.head.appendChild(script);
    return proxy;
  }

  window.Worker = function (url, options) {
    return String(url).indexOf("/workers/search.") < 0 ? new Native(url, options) : new SearchWorker();
  };
})();
