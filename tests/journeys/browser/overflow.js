// Texts that do not fit: that stick out of the window or of a box that cannot be scrolled, or are cut off by one.
() => {
  const slack = 1.5;
  const found = [];
  const scrolls = (style, axis) => ["auto", "scroll"].includes(style[`overflow${axis}`]);
  const shown = { contentVisibilityAuto: true, opacityProperty: true, visibilityProperty: true };
  const named = (element) => {
    const classes = [...element.classList].join(".");
    return element.tagName.toLowerCase() + (element.id ? `#${element.id}` : "") + (classes ? `.${classes}` : "");
  };
  const say = (element, text, how) => found.push(`${named(element)} “${text.trim().slice(0, 60)}” ${how}`);

  function boxesOf(node, from, to) {
    const range = document.createRange();
    range.setStart(node, from);
    range.setEnd(node, to);
    return [...range.getClientRects()].filter((box) => box.width > 0 && box.height > 0);
  }

  function check(node) {
    if (!node.parentElement.checkVisibility(shown) || node.parentElement.closest("svg, select, option")) return;
    // Where spaces are kept, the one at the end of a line may stick out: nobody sees it.
    const kept = getComputedStyle(node.parentElement).whiteSpaceCollapse === "preserve";
    const parts = node.textContent.matchAll(kept ? /\S+/g : /[^]+/g);
    const boxes = [...parts].flatMap((part) => boxesOf(node, part.index, part.index + part[0].length));
    if (!boxes.length) return;
    const left = Math.min(...boxes.map((box) => box.left));
    const right = Math.max(...boxes.map((box) => box.right));
    for (let at = node.parentElement; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.clipPath !== "none" || (style.position === "absolute" && at.clientWidth <= 1)) return;
      if (scrolls(style, "X")) return;
      if (style.textOverflow === "ellipsis" && style.overflowX !== "visible") return;
      if (style.display === "inline" || style.display === "contents") continue;
      const box = at.getBoundingClientRect();
      if (left < box.left - slack || right > box.right + slack) {
        say(at, node.textContent, `needs ${Math.round(right - left)} px, has ${Math.round(box.width)}`);
        return;
      }
      if (style.overflowY === "hidden" && at.scrollHeight > at.clientHeight + 2) {
        say(at, node.textContent, `is ${at.scrollHeight} px high, shown ${at.clientHeight}`);
        return;
      }
    }
    if (left < -slack || right > document.documentElement.clientWidth + slack) {
      say(node.parentElement, node.textContent, "lies beyond the edge of the window");
    }
  }

  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) if (texts.currentNode.textContent.trim()) check(texts.currentNode);
  if (document.documentElement.scrollWidth > innerWidth) {
    found.push(`the page scrolls sideways: ${document.documentElement.scrollWidth} px in ${innerWidth}`);
  }
  return [...new Set(found)];
}
