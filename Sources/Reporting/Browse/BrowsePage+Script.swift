extension BrowsePage {
  /// Makes a card of each name that is looked at, as many at once as "Show more" was asked for. What
  /// comes from the corpus is text, never HTML.
  static let script = #"""
    "use strict";
    const read = id => JSON.parse(document.getElementById(id).textContent);
    const element = (tag, properties, ...children) => {
      const made = Object.assign(document.createElement(tag), properties);
      made.append(...children);
      return made;
    };
    const drawn = (tag, attributes) => {
      const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
      return made;
    };
    const bins = 50, step = 24;
    const sum = counts => counts.reduce((total, count) => total + count, 0);
    const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;
    const names = read("names-data").map(([name, threshold, objects, histogram]) =>
      ({ name, threshold, objects, histogram, all: sum(histogram), crops: [] }));
    for (const [name, kinds, score, image, box, jpeg, reason] of read("crops-data"))
      names[name].crops.push({ kinds, score, image, box, jpeg, reason });
    for (const { crops } of names) crops.sort((a, b) => b.score - a.score);

    const picture = (crop, name) => crop.jpeg
      ? element("img", { src: "data:image/jpeg;base64," + crop.jpeg, alt: `${name}, score ${crop.score.toFixed(2)}` })
      : element("span", { className: "gone", textContent: crop.reason });

    const dialog = document.getElementById("crop");
    const show = (crop, name) => {
      const [x, y, width, height] = crop.box;
      document.getElementById("crop-name").textContent = name;
      document.getElementById("crop-picture").replaceChildren(picture(crop, name));
      document.getElementById("crop-words").textContent =
        `score ${crop.score}\n${crop.image}\n${width} × ${height} pixels at ${x}, ${y}`;
      dialog.showModal();
    };

    const bars = (histogram, from, to, className) => {
      const most = Math.log1p(Math.max(...histogram));
      const path = histogram.slice(from, to).map((count, place) => count === 0 ? "" :
        `M${5 * (from + place)} 48v-${(46 * Math.log1p(count) / most).toFixed(1)}h4V48z`).join("");
      return drawn("path", { d: path, class: className });
    };

    const card = entry => {
      const { name, threshold, objects, all, histogram, crops } = entry;
      const words = element("p", {});
      const chart = drawn("svg", { viewBox: "0 0 250 48", role: "img" });
      const left = element("div", { className: "histogram" },
        element("h3", { textContent: name }), words);
      if (all > 0) left.append(chart, element("div", { className: "axis" },
        element("span", { textContent: "0" }), element("span", { textContent: "score" }),
        element("span", { textContent: "1" })));
      const right = element("div", {});
      const groups = [[1, "Best"], [2, "Borderline"], [4, "Random"]].map(([kind, title]) => {
        const shown = crops.filter(crop => crop.kinds & kind).map(crop => {
          const button = element("button", { type: "button" }, picture(crop, name),
            element("span", { textContent: crop.score.toFixed(2) }));
          button.addEventListener("click", () => show(crop, name));
          return { crop, item: element("li", {}, button) };
        });
        const group = element("div", {}, element("h4", { textContent: title }),
          element("ul", { className: "crops" }, ...shown.map(({ item }) => item)));
        right.append(group);
        return { kind, group, shown };
      });
      entry.update = (least, kinds) => {
        const bin = Math.round(least * bins);
        const from = sum(histogram.slice(bin));
        words.textContent = (least > 0 ? `${counted(from, "detection")} from score ${least.toFixed(2)} on; ` : "")
          + (threshold === null ? "" : `${counted(objects, "object")} from its threshold ${+threshold.toFixed(3)} on; `)
          + `${counted(all, "detection")} in all`;
        chart.replaceChildren(bars(histogram, 0, bin, "off"), bars(histogram, bin, bins, "on"));
        if (threshold !== null) chart.append(
          drawn("line", { x1: 250 * threshold, x2: 250 * threshold, y1: 0, y2: 48 }));
        chart.setAttribute("aria-label", `scores of ${counted(all, "detection")}, ${from} from ${least.toFixed(2)} on`);
        for (const { kind, group, shown } of groups) {
          for (const { crop, item } of shown) item.hidden = crop.score < least;
          group.hidden = !(kinds & kind) || shown.every(({ item }) => item.hidden);
        }
      };
      return element("article", { className: "card" }, left, right);
    };

    const form = document.querySelector("form.browse");
    const cards = document.getElementById("cards");
    const more = document.getElementById("more");
    const orders = [
      (a, b) => b.objects - a.objects || b.all - a.all, (a, b) => b.all - a.all,
      (a, b) => a.name.localeCompare(b.name),
    ];
    let most = step;
    const update = () => {
      const { name, least, kind, order, score, found } = form.elements;
      const text = name.value.toLowerCase(), from = Number(least.value), bin = Math.round(from * bins);
      const fitting = names.filter(entry => entry.name.toLowerCase().includes(text)
        && (from === 0 || entry.histogram.length > bin)).sort(orders[order.value]);
      const shown = fitting.slice(0, most);
      for (const entry of shown) {
        entry.card ??= card(entry);
        entry.update(from, Number(kind.value));
      }
      cards.replaceChildren(...shown.map(entry => entry.card));
      more.hidden = fitting.length <= most;
      score.textContent = from.toFixed(2);
      const detections = sum(fitting.map(entry => sum(entry.histogram.slice(bin))));
      found.textContent = `${fitting.length} of ${counted(names.length, "name")}, ${counted(detections, "detection")}`;
    };
    form.hidden = false;
    form.addEventListener("input", event => {
      if (event.target.name === "name" || event.target.name === "order") most = step;
      update();
    });
    form.addEventListener("submit", event => event.preventDefault());
    more.addEventListener("click", () => {
      const before = most;
      most += step;
      update();
      cards.children[before].querySelector("button")?.focus();
    });
    update();

    """#
}
