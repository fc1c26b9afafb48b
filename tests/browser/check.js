// Put into a copy of a page by tests/browser/check: looks for what a reader would stumble over, and
// tells the page around it, a line each.
addEventListener("load", () => {
  const problems = [];
  const say = (element, what) => {
    const text = (element.alt || element.textContent || "").trim().slice(0, 40);
    problems.push(`${element.tagName.toLowerCase()} "${text}": ${what}`);
  };
  const shown = (element) => element.getClientRects().length > 0;

  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) {
    problems.push(`the page is ${document.documentElement.scrollWidth} pixels wide in ${width}`);
  }
  for (const element of document.body.querySelectorAll("*")) {
    if (!shown(element) || element.tagName === "SCRIPT") continue;
    const box = element.getBoundingClientRect();
    if (box.right > width + 0.5 || box.left < -0.5) say(element, `from ${box.left} to ${box.right}`);
    if (element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0) {
      say(element, `its ${element.scrollWidth} pixels do not fit into ${element.clientWidth}`);
    }
  }

  const images = [...document.images].filter(shown);
  if (images.length === 0) problems.push("there are no pictures");
  for (const image of images) {
    const box = image.getBoundingClientRect();
    const [wide, high] = ["width", "height"].map((name) => Number(image.getAttribute(name)));
    if (!image.complete || image.naturalWidth === 0) say(image, "not loaded");
    if (Math.abs(box.width / box.height / (wide / high) - 1) > 0.02) say(image, "out of proportion");
    if (box.width / wide < 0.7) say(image, `drawn at ${box.width} of ${wide} pixels: too small`);
    if (!image.alt) say(image, "no text in its place");
  }

  // what follows begins below what comes before
  for (const parent of [document.body, ...document.querySelectorAll("main, figure, .rows")]) {
    const children = [...parent.children].filter((e) => shown(e) && e.tagName !== "SCRIPT");
    for (let i = 1; i < children.length; i++) {
      const above = children[i - 1].getBoundingClientRect().bottom;
      if (children[i].getBoundingClientRect().top < above - 1) say(children[i], "overlaps");
    }
  }

  const channels = (text) => text.match(/[\d.]+/g).map(Number);
  const light = (text) => {
    const [r, g, b] = channels(text).map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92
      : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if ((channels(colour)[3] ?? 1) > 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  for (const element of document.querySelectorAll("h1, h2, h3, p, li, a, td, th, dt, dd, pre, figcaption, caption")) {
    if (!shown(element)) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(style.color), light(ground(element))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < 4.5) say(element, `contrast ${contrast.toFixed(1)}`);
    if (parseFloat(style.fontSize) < 11) say(element, `letters of ${style.fontSize}`);
  }

  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const found = `\n== ${innerWidth} ${dark ? "dark" : "light"} ${light(ground(document.body)) < 0.2
    ? "dark" : "light"} ${images.length}\n${problems.join("\n")}\n== end\n`;
  parent.postMessage(found, "*");
});
