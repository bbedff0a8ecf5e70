// The large-print switch, charts that need a script, folded parts opened for printing and for links into them.
// Everything on the page is there without it. No newer language than ES5, for old browsers.
(function () {
  "use strict";
  var root = document.documentElement;
  var charts = document.currentScript.getAttribute("data-charts");

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

  // Charts. The library is asked for by pages that have one, and a chart in a folded part waits until that is opened.
  function isFolded(part) {
    for (; part; part = part.parentElement) if (part.tagName === "DETAILS" && !part.open) return true;
    return false;
  }

  function draw(script) {
    var box = document.getElementById(script.getAttribute("data-chart"));
    if (box.className.indexOf("drawn") >= 0 || isFolded(box)) return;
    var figure = JSON.parse(script.textContent);
    figure.layout.autosize = true;
    box.className += " drawn";
    Plotly.newPlot(box, figure.data, figure.layout, { displayModeBar: false, responsive: true, scrollZoom: false }).then(scalable);
  }

  function drawAll() {
    if (window.Plotly) each("script[data-chart]", draw);
  }

  function wantCharts() {
    if (!document.querySelector("script[data-chart]")) return;
    var library = document.createElement("script");
    library.src = charts;
    library.onload = drawAll;
    document.head.appendChild(library);
  }

  // With a view box of its own the drawing can be scaled to any paper by the style sheet.
  function scalable(box) {
    function fit() {
      each("#" + box.id + " svg.main-svg", function (svg) {
        svg.setAttribute("viewBox", "0 0 " + svg.getAttribute("width") + " " + svg.getAttribute("height"));
      });
    }
    fit();
    box.on("plotly_afterplot", fit);
  }

  // A wide drawing shrunk to the paper would have letters too small to read: draw it anew at the paper's width.
  var PAPER = 620;

  function forPaper() {
    each("details:not([open])", function (part) {
      part.setAttribute("data-folded", "");
      part.open = true;
    });
    each(".chart.drawn", function (box) {
      if (box.clientWidth > PAPER) Plotly.relayout(box, { autosize: false, width: PAPER });
    });
  }

  function forScreen() {
    each(".chart.drawn", function (box) { Plotly.relayout(box, { autosize: true, width: null }); });
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
    wantCharts();
    document.addEventListener("toggle", drawAll, true);
    openTarget();
  });
  window.addEventListener("beforeprint", forPaper);
  window.addEventListener("afterprint", forScreen);
  window.addEventListener("hashchange", openTarget);
})();
