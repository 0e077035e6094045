// The page as the browser has laid it out, as an SVG: boxes, the lines of the text where they stand, icons. A tenth of a
// screenshot, and sharp at any size. It has neither ampersands nor double quotes nor colours with a hash, so that it can stand
// in a `data:` address as it is.
const width = innerWidth, height = innerHeight;
const looks = new Map(), below = [], above = [];
const pencil = document.createElement('canvas').getContext('2d');
const px = (value) => Math.round(value * 10) / 10;

/** A class for what many share. */
const look = (rules) => {
  if (!looks.has(rules)) looks.set(rules, String.fromCharCode(97 + looks.size));
  return looks.get(rules);
};

const isSeen = (color) => color !== 'rgba(0, 0, 0, 0)';

function box(layer, { left, top, width, height }, style) {
  const sides = ['Top', 'Right', 'Bottom', 'Left'].map((side) => {
    const size = parseFloat(style[`border${side}Width`]);
    return style[`border${side}Style`] === 'none' ? 0 : size;
  });
  const [over, right, under, before] = sides;
  const line = sides.every((side) => side === over) ? over : 0;
  const radius = Math.min(parseFloat(style.borderTopLeftRadius) || 0, height / 2);
  const rules = [`fill:${isSeen(style.backgroundColor) ? style.backgroundColor : 'none'}`];
  if (line) rules.push(`stroke:${style.borderTopColor};stroke-width:${line}px`);
  if (style.boxShadow !== 'none') {
    const [, color, x, y, blur] = /^(rgba?\(.*?\)) (\S+) (\S+) (\S+)/.exec(style.boxShadow);
    rules.push(`filter:drop-shadow(${x} ${y} ${parseFloat(blur) / 2}px ${color})`);
  }
  const rect = (x, y, w, h, r, rules) => layer.push(
    `<rect class='${look(rules)}' x='${px(x)}' y='${px(y)}' width='${px(w)}' height='${px(h)}'${r ? ` rx='${px(r)}'` : ''}/>`);
  if (isSeen(style.backgroundColor) || line)
    rect(left + line / 2, top + line / 2, width - line, height - line, Math.max(radius - line / 2, 0), rules.join(';'));
  if (line) return;
  if (over) rect(left, top, width, over, 0, `fill:${style.borderTopColor}`);
  if (under) rect(left, top + height - under, width, under, 0, `fill:${style.borderBottomColor}`);
  if (before) rect(left, top, before, height, 0, `fill:${style.borderLeftColor}`);
  if (right) rect(left + width - right, top, right, height, 0, `fill:${style.borderRightColor}`);
}

function text(layer, node) {
  const parent = node.parentElement, style = getComputedStyle(parent);
  const range = document.createRange(), lines = [];
  for (let at = 0; at < node.data.length; at += 1) {
    range.setStart(node, at);
    range.setEnd(node, at + 1);
    const [spot] = range.getClientRects();
    if (!spot || !spot.width) continue;
    const last = lines.at(-1);
    if (last && Math.abs(last.top - spot.top) < 2) {
      last.text += node.data[at];
      if (node.data[at].trim()) last.right = spot.right;
    } else if (node.data[at].trim()) {
      lines.push({ text: node.data[at], left: spot.left, right: spot.right, top: spot.top });
    }
  }
  pencil.font = style.font;
  const { fontBoundingBoxAscent } = pencil.measureText('x');
  const isUnderlined = getComputedStyle(parent.closest('a, button') ?? parent).textDecorationLine === 'underline';
  const family = style.fontFamily.includes('monospace') ? 'ui-monospace,monospace' : 'system-ui,sans-serif';
  const rules = [`font:${style.fontWeight} ${px(parseFloat(style.fontSize))}px ${family}`, `fill:${style.color}`];
  if (isUnderlined) rules.push('text-decoration:underline');
  for (const { text, left, right, top } of lines) {
    if (top > height) continue;
    const words = text.trim().replace(/\s+/g, ' ').replace(/[&<>"#%]/g, (sign) => { throw new Error(`a ${sign} in ${text}`); });
    // Whichever font the reader has, a line is as long as it was here.
    layer.push(`<text class='${look(rules.join(';'))}' x='${px(left)}' y='${px(top + fontBoundingBoxAscent)}' ` +
      `textLength='${px(right - left)}' lengthAdjust='spacingAndGlyphs'>${words}</text>`);
  }
}

function draw(element, layer) {
  const style = getComputedStyle(element);
  const place = element.getBoundingClientRect();
  if (!element.checkVisibility() || style.clipPath !== 'none' || place.top > height) return;
  const on = style.position === 'fixed' ? above : layer;
  if (element.localName === 'svg') throw new Error('icons are not drawn yet');
  if (element !== document.documentElement && element !== document.body && place.bottom > 0) box(on, place, style);
  const dot = getComputedStyle(element, '::before');
  if (dot.content !== 'none' && dot.position === 'absolute') {
    const [left, top, width, height, edge] =
      [dot.left, dot.top, dot.width, dot.height, style.borderTopWidth].map(parseFloat);
    box(on, { left: place.left + edge + left, top: place.top + edge + top, width, height }, dot);
  }
  for (const node of element.childNodes) {
    if (node.nodeType === Node.ELEMENT_NODE) draw(node, on);
    else if (node.nodeType === Node.TEXT_NODE && node.data.trim() && place.bottom > 0) text(on, node);
  }
}

draw(document.documentElement, below);
const sheet = getComputedStyle(document.documentElement).backgroundColor;
const canvas = isSeen(sheet) ? sheet : getComputedStyle(document.body).backgroundColor;
const rules = [...looks].map(([rules, name]) => `.${name}{${rules}}`).join('\n');
return [
  `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 ${width} ${height}'>`,
  `<style>\n${rules}\n</style>`,
  `<rect width='${width}' height='${height}' fill='${isSeen(canvas) ? canvas : 'white'}'/>`,
  ...below, ...above, '</svg>\n',
].join('\n');
