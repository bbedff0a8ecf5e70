// Draws the charts, opens folded parts for printing and for links into them. Everything on the page is there without it.
(function () {
  "use strict";

  function draw(script) {
    var box = document.getElementById(script.getAttribute("data-chart"));
    var figure = JSON.parse(script.textContent);
    figure.layout.autosize = true;
    box.className += " drawn";
    Plotly.newPlot(box, figure.data, figure.layout, { displayModeBar: false, responsive: true, scrollZoom: false }).then(scalable);
  }

  // With a view box of its own the drawing can be scaled to any paper by the style sheet.
  function scalable(box) {
    function fit() {
      box.querySelectorAll("svg.main-svg").forEach(function (svg) {
        svg.setAttribute("viewBox", "0 0 " + svg.getAttribute("width") + " " + svg.getAttribute("height"));
      });
    }
    fit();
    box.on("plotly_afterplot", fit);
  }

  // A wide drawing shrunk to the paper would have letters too small to read: draw it anew at the paper's width.
  var PAPER = 620;

  function toPaper() {
    document.querySelectorAll(".chart.drawn").forEach(function (box) {
      if (box.clientWidth > PAPER) Plotly.relayout(box, { autosize: false, width: PAPER });
    });
  }

  function toScreen() {
    document.querySelectorAll(".chart.drawn").forEach(function (box) {
      Plotly.relayout(box, { autosize: true, width: null });
    });
  }

  function forPaper() {
    toPaper();
    document.querySelectorAll("details:not([open])").forEach(function (part) {
      part.setAttribute("data-folded", "");
      part.open = true;
    });
  }

  function forScreen() {
    toScreen();
    document.querySelectorAll("details[data-folded]").forEach(function (part) {
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

  window.addEventListener("beforeprint", forPaper);
  window.addEventListener("afterprint", forScreen);
  window.addEventListener("hashchange", openTarget);
  if (window.Plotly) document.querySelectorAll("script[data-chart]").forEach(draw);
  openTarget();
})();
