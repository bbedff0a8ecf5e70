// Draws the chosen indicator of every area from the tables on this page. Without it, or without Plotly, those stand alone.
// What is chosen stands in the address: ?d=150802,150821&v=reported#i-pm_coverage_rate. No newer language than ES5.
(function () {
  "use strict";
  if (!window.Plotly) return;
  var ALL = "ALL", MOST = 6, NARROW = 560, LABELLED = 11, PAPER = 580, ROW = 1.25;
  // Lines differ in sign and dash as well as in colour.
  var SYMBOLS = ["circle", "square", "triangle-up", "x", "cross", "star"];
  var SIGNS = ["●", "■", "▲", "✕", "✚", "★"];
  var DASHES = ["solid", "dash", "longdash", "dashdot", "solid", "dash"];
  var WHOLE_SIGN = "○";

  function one(selector, within) { return (within || document).querySelector(selector); }
  function every(selector, within) {
    return Array.prototype.slice.call((within || document).querySelectorAll(selector));
  }

  var script = one("script[data-chart]");
  var told = JSON.parse(script.textContent);
  var section = one("section.chart");
  var box = document.getElementById(script.getAttribute("data-chart"));
  var indicator = one("#indicator"), variant = one("#variant");
  var buttons = every(".pick-areas button");
  var homes = every("details.numbers");
  var marked = [];            // the areas highlighted, each at the place of its look; null: a place to be had
  var whole = null;           // whether the plan area is drawn; null: as suits the indicator
  var places = {};            // where each table stands when it is not the chosen one's
  homes.forEach(function (home, n) { places[home.id] = homes[n + 1] || null; });
  var rest = homes[0].parentNode;

  function filled(text, values) {
    return text.replace(/\{(\w+)\}/g, function (all, name) { return values[name]; });
  }

  function literal(text) {
    return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  }

  function colour(name) { return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim(); }

  function nameOf(area) {
    return one(".pick-areas button[data-area='" + area + "']").getAttribute("data-name");
  }

  // A figure as its table says it: {text, parts, value}; null where there is none.
  function figure(cell) {
    var other = one("small", cell);
    var from = variant.value === "reported" && other ? other : cell;
    var bold = Array.prototype.filter.call(from.children, function (child) { return child.tagName === "B"; })[0];
    if (!bold) return null;
    var next = bold.nextSibling;
    var parts = next && next.nodeType === 3 ? next.nodeValue.trim() : "";
    var numbers = (parts ? parts.split("/") : [bold.textContent]).map(function (n) { return Number(n.replace(/,/g, "")); });
    return {
      text: bold.textContent, parts: parts,
      value: numbers.length > 1 ? 100 * numbers[0] / numbers[1] : numbers[0]
    };
  }

  function read(home) {
    var lines = every("tbody tr", home).map(function (row) {
      var cells = every("td", row).slice(0, told.periods.length);
      return { area: row.getAttribute("data-area"), figures: cells.map(figure) };
    });
    return lines.filter(function (line) { return line.figures.some(Boolean); });
  }

  function withWhole() {
    return whole === null ? told.indicators[indicator.value].unit === "%" || buttons.length < 3 : whole;
  }

  function last(line) {
    for (var n = line.figures.length - 1; n >= 0; n--) if (line.figures[n]) return n;
    return -1;
  }

  // In words: who is lowest and who highest in the last period that has figures, and the whole.
  function sentence(lines) {
    var own = lines.filter(function (line) { return line.area !== ALL; });
    var lately = Math.max.apply(null, lines.map(last).concat(-1));
    var base = { indicator: indicator.selectedOptions[0].textContent, variant: variant.selectedOptions[0].textContent };
    if (lately < 0) return filled(told.texts.told_none, base);
    base.period = told.periods[lately][1];
    var with_figures = (own.some(function (line) { return line.figures[lately]; }) ? own : lines).filter(
      function (line) { return line.figures[lately]; });
    function end(of) {
      var values = with_figures.map(function (line) { return line.figures[lately].value; });
      var extreme = of.apply(null, values);
      var there = with_figures.filter(function (line) { return line.figures[lately].value === extreme; });
      var named = there.length > 2 ? filled(told.texts.several, { n: there.length })
        : there.length > 1 ? filled(told.texts.joined, { a: nameOf(there[0].area), b: nameOf(there[1].area) })
          : nameOf(there[0].area);
      return [named, there[0].figures[lately].text];
    }
    var low = end(Math.min), high = end(Math.max);
    base.low = low[0]; base.low_value = low[1]; base.high = high[0]; base.high_value = high[1];
    var text = filled(low[1] === high[1] ? told.texts.told_same : told.texts.told, base);
    var all = lines.filter(function (line) { return line.area === ALL && line.figures[lately]; })[0];
    if (all && with_figures[0] !== all) {
      text += filled(told.texts.told_whole, { whole: nameOf(ALL), whole_value: all.figures[lately].text });
    }
    return text;
  }

  function look(area) {
    var n = marked.indexOf(area);
    if (area === ALL) return { rank: 1, colour: colour("ink"), width: 2, dash: "dot", symbol: "circle-open", size: 7 };
    if (n < 0) return { rank: 0, colour: colour("line"), width: 1.2, dash: "solid", symbol: "circle", size: 4 };
    return { rank: 2, colour: colour("line-" + (n + 1)), width: 2.6, dash: DASHES[n], symbol: SYMBOLS[n], size: 9 };
  }

  // ``asked``: the periods in which any area has a figure. Between these a line goes on, where an area has none it breaks.
  function trace(line, asked) {
    var how = look(line.area), name = literal(nameOf(line.area));
    return {
      type: "scatter", mode: "lines+markers", name: name, rank: how.rank, area: line.area, connectgaps: false,
      x: asked.map(function (n) { return told.periods[n][0]; }),
      y: asked.map(function (n) { return line.figures[n] ? line.figures[n].value : null; }),
      text: asked.map(function (n) {
        var f = line.figures[n];
        var parts = f && f.parts ? filled(told.texts.parts, { parts: f.parts }) : "";
        return f ? filled(told.texts.hover, { value: f.text, parts: parts, day: told.periods[n][2] }) : "";
      }),
      line: { color: how.colour, width: how.width, dash: how.dash },
      marker: { color: how.colour, symbol: how.symbol, size: how.size, line: { color: how.colour, width: 1.5 } },
      hovertemplate: "<b>" + name + "</b><br>%{text}<extra></extra>", cliponaxis: false
    };
  }

  function aims(all, size) {
    return {
      type: "scatter", mode: "markers+text", rank: 3, cliponaxis: false,
      x: all.map(function (aim) { return aim[0]; }), y: all.map(function (aim) { return aim[1]; }),
      text: all.map(function (aim) { return aim[2]; }), textposition: "bottom center",
      textfont: { color: colour("link"), size: size, shadow: "0 0 3px #fff, 0 0 3px #fff, 0 0 3px #fff" },
      marker: { symbol: "diamond-open", size: 12, color: colour("link"), line: { width: 2 } },
      customdata: all.map(function (aim) {
        var whom = aim[3].map(function (area) { return literal(told.areas[area]); }).join(" ");
        return literal(aim[4]) + (whom ? "<br>" + whom : "");
      }),
      hovertemplate: "%{customdata}<extra></extra>"
    };
  }

  function shifted(day, days) {
    return new Date(Date.parse(day) + 864e5 * days).toISOString().slice(0, 10);
  }

  // The periods that can be named without their names touching, counted back from the last. ``scale``: pixels for a day.
  function spaced(periods, apart, scale) {
    var kept = [];
    for (var n = periods.length - 1; n >= 0; n--) {
      var days = kept.length ? (Date.parse(kept[0][0]) - Date.parse(periods[n][0])) / 864e5 : Infinity;
      if (days * scale >= apart) kept.unshift(periods[n]);
    }
    return kept;
  }

  // The scale: a rate's begins at a multiple of ten below everything shown, a count's at nothing.
  function bounds(values, unit) {
    var low = Math.min.apply(null, values), high = Math.max.apply(null, values.concat(unit === "%" ? [] : [1]));
    if (unit !== "%") return [0, 1.1 * high];
    var floor = Math.max(0, 10 * Math.floor(low / 10) - (low % 10 < 4 ? 10 : 0));
    var top = Math.min(100, 10 * Math.ceil(high / 10));
    return [floor, top + 0.04 * Math.max(top - floor, 10)];
  }

  // Names at the ends of lines, moved apart where they would touch.
  function labels(traces, range, height, size, wide) {
    var few = traces.length <= LABELLED && wide;
    var ends = traces.filter(function (t) { return t.area && (t.rank > 0 || few); }).map(function (t) {
      for (var n = t.y.length - 1; n > 0 && t.y[n] === null;) n--;
      var y = height * (range[1] - t.y[n]) / (range[1] - range[0]);
      return { text: literal(told.areas[t.area]), y: y, colour: t.rank ? t.line.color : colour("quiet"), bold: t.rank > 0 };
    }).sort(function (a, b) { return a.y - b.y; });
    ends.forEach(function (end, n) { end.at = Math.max(end.y, n ? ends[n - 1].at + ROW * size : 0); });
    for (var n = ends.length - 1, limit = height; n >= 0; n--) {
      ends[n].at = Math.min(ends[n].at, limit);
      limit = ends[n].at - ROW * size;
    }
    return ends.map(function (end) {
      return {
        text: end.bold ? "<b>" + end.text + "</b>" : end.text, font: { color: end.colour, size: size },
        xref: "paper", x: 1, xanchor: "left", xshift: 4, yref: "paper", y: 1 - end.at / height, yanchor: "middle",
        showarrow: false, align: "left"
      };
    });
  }

  function breadth(notes, size) {
    var pen = document.createElement("canvas").getContext("2d");
    pen.font = "bold " + size + "px " + getComputedStyle(document.body).fontFamily;
    return Math.max.apply(null, notes.map(function (note) {
      return pen.measureText(note.text.replace(/<[^>]*>/g, "")).width;
    }).concat(0));
  }

  function draw(width) {
    var about = told.indicators[indicator.value];
    var lines = read(document.getElementById(indicator.value));
    one(".told").textContent = sentence(lines);
    var shown = lines.filter(function (line) { return line.area !== ALL || withWhole(); });
    var asked = told.periods.map(function (period, n) { return n; }).filter(function (n) {
      return lines.some(function (line) { return line.figures[n]; });
    });
    var traces = shown.map(function (line) { return trace(line, asked); }).sort(function (a, b) { return a.rank - b.rank; });
    var size = 0.8 * parseFloat(getComputedStyle(document.body).fontSize);
    var wide = (width || box.clientWidth) >= NARROW;
    var height = wide ? 440 : 340, top = 16, bottom = 34;
    var values = about.aims.map(function (aim) { return aim[1]; });
    traces.forEach(function (t) { values = values.concat(t.y.filter(function (y) { return y !== null; })); });
    var range = bounds(values.length ? values : [0, 100], about.unit);
    var notes = labels(traces, range, height - top - bottom, size, wide);
    var days = told.periods.map(function (period) { return period[0]; });
    var ends = days.concat(about.aims.map(function (aim) { return aim[0]; })).sort();
    var span = (Date.parse(ends[ends.length - 1]) - Date.parse(ends[0])) / 864e5 || 100;
    var room = Math.min(breadth(notes, size) + 14, 0.4 * (width || box.clientWidth));
    var scale = ((width || box.clientWidth) - 4 * size - room) / (1.06 * span);
    var ticks = spaced(told.periods, breadth([{ text: told.periods[0][1] }], size) + 8, scale);
    var axis = { gridcolor: colour("rule"), zeroline: false, linecolor: colour("quiet"), fixedrange: true, automargin: false };
    var font = { family: getComputedStyle(document.body).fontFamily, size: size, color: colour("ink") };
    var layout = {
      height: height, width: width, autosize: !width, font: font, showlegend: false, dragmode: false, hovermode: "closest",
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", annotations: notes,
      hoverlabel: { bgcolor: "#fff", bordercolor: colour("ink"), font: font, align: "left" },
      margin: { l: 4 * size, r: room, t: top, b: bottom },
      xaxis: {
        type: "date", showgrid: false, tickvals: ticks.map(function (p) { return p[0]; }),
        ticktext: ticks.map(function (p) { return p[1]; }), tickangle: 0, ticks: "outside",
        range: [shifted(ends[0], -0.03 * span), shifted(ends[ends.length - 1], 0.03 * span)]
      },
      yaxis: { range: range, ticksuffix: about.unit === "%" ? "%" : "", nticks: 7, rangemode: "nonnegative" }
    };
    Object.keys(axis).forEach(function (key) { layout.xaxis[key] = layout.yaxis[key] = axis[key]; });
    if (about.aims.length) traces.push(aims(about.aims, size));
    return Plotly.react(box, traces, layout, { displayModeBar: false, responsive: true, scrollZoom: false });
  }

  // Buttons and tables follow what is chosen.
  function show() {
    var full = marked.filter(Boolean).length >= MOST;
    buttons.forEach(function (button) {
      var area = button.getAttribute("data-area"), n = marked.indexOf(area);
      var on = area === ALL ? withWhole() : n >= 0;
      button.setAttribute("aria-pressed", String(on));
      button.disabled = area !== ALL && full && !on;
      button.textContent = (on ? (area === ALL ? WHOLE_SIGN : SIGNS[n]) + " " : "") + button.getAttribute("data-name");
      button.style.color = on && area !== ALL ? colour("line-" + (n + 1)) : "";
    });
    var chosen = document.getElementById(indicator.value);
    homes.forEach(function (home) {
      if (home !== chosen && home.className.indexOf("chosen") >= 0) {
        home.className = "numbers";
        home.open = false;
        rest.insertBefore(home, places[home.id] && places[home.id].parentNode === rest ? places[home.id] : null);
      }
    });
    if (chosen.className.indexOf("chosen") < 0) {
      chosen.className = "numbers chosen";
      chosen.open = true;
      section.parentNode.insertBefore(chosen, section.nextSibling);
    }
    every("tr[data-area]", chosen).forEach(function (row) {
      row.className = marked.indexOf(row.getAttribute("data-area")) >= 0 ? "marked" : "";
    });
    return draw();
  }

  function changed() {
    var query = marked.filter(Boolean).length ? ["d=" + marked.filter(Boolean).join(",")] : [];
    if (variant.value !== variant.options[0].value) query.push("v=" + variant.value);
    try {
      history.replaceState(null, "", location.pathname + (query.length ? "?" + query.join("&") : "") + "#" + indicator.value);
    } catch (refused) { /* from disk, some browsers don't let the address change */ }
    show();
  }

  function toggle(area) {
    var n = marked.indexOf(area);
    if (area === ALL) whole = !withWhole();
    else if (n >= 0) marked[n] = null;
    else {
      var free = marked.indexOf(null);
      if (free < 0) free = marked.length;
      if (free >= MOST) return;
      marked[free] = area;
    }
    changed();
  }

  // The address says what to begin with.
  function begin() {
    location.search.slice(1).split("&").forEach(function (pair) {
      var key = pair.split("=")[0], value = decodeURIComponent(pair.split("=")[1] || "");
      if (key === "v" && every("option", variant).some(function (o) { return o.value === value; })) variant.value = value;
      if (key === "d") {
        marked = value.split(",").filter(function (area) { return area !== ALL && told.areas[area]; }).slice(0, MOST);
      }
    });
    follow();
  }

  function follow() {
    var id = decodeURIComponent(location.hash.slice(1));
    if (!told.indicators[id]) return;
    indicator.value = id;
    section.scrollIntoView();
  }

  section.className += " drawn";
  box.textContent = "";
  box.setAttribute("aria-hidden", "true");
  buttons.forEach(function (button) {
    button.setAttribute("data-name", button.textContent);
    button.onclick = function () { toggle(button.getAttribute("data-area")); };
  });
  indicator.onchange = variant.onchange = changed;
  begin();
  show().then(function () {
    box.on("plotly_click", function (event) { if (event.points[0].data.area) toggle(event.points[0].data.area); });
  });
  window.addEventListener("load", follow);
  window.addEventListener("hashchange", function () { follow(); show(); });
  window.addEventListener("beforeprint", function () { if (box.clientWidth > PAPER) draw(PAPER); });
  window.addEventListener("afterprint", function () { draw(); });
  every("button.large").forEach(function (button) { button.addEventListener("click", function () { draw(); }); });
})();
