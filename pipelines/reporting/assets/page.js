// The large-print switch, folded parts opened for printing and for links into them.
// Everything on the page is there without it. No newer language than ES5, for old browsers.
(function () {
  "use strict";
  var root = document.documentElement;

  // Large print: set at once, before the page shows; remembered where the browser allows it.
  function remembered() {
    try { return localStorage.getItem("large") === "yes"; } catch (refused) { return false; }
  }

  function setLarge(on) {
    root.className = on ? "large" : "";
    try { localStorage.setItem("large", on ? "yes" : "no"); } catch (refused) { /* for this page only */ }
  }

  if (remembered()) root.className = "large";

  function each(selector, act) {
    Array.prototype.forEach.call(document.querySelectorAll(selector), act);
  }

  function offerLarge() {
    each("button.large", function (button) {
      function show() { button.setAttribute("aria-pressed", root.className === "large" ? "true" : "false"); }
      button.hidden = false;
      button.onclick = function () { setLarge(root.className !== "large"); show(); };
      show();
    });
  }

  function forPaper() {
    each("details:not([open])", function (part) {
      part.setAttribute("data-folded", "");
      part.open = true;
    });
  }

  function forScreen() {
    each("details[data-folded]", function (part) {
      part.removeAttribute("data-folded");
      part.open = false;
    });
  }

  function openTarget() {
    var target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (var part = target; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
    target.scrollIntoView();
  }

  document.addEventListener("DOMContentLoaded", function () {
    offerLarge();
    openTarget();
  });
  window.addEventListener("beforeprint", forPaper);
  window.addEventListener("afterprint", forScreen);
  window.addEventListener("hashchange", openTarget);
})();
