-- The style sheet of a report. Pictures are drawn on white; in dark mode their lightness is
-- inverted, so that white becomes the page's background, and hues are kept.
return [[
:root { color-scheme: light dark; --ground: #ffffff; --ink: #1c1e21; --soft: #5b6169; --line:
  #d9dce0;
  --shade: #f4f5f7; --accent: #0061a3; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #121212; --ink: #e6e6e6; --soft: #a3a9b1; --line: #383b40; --shade: #1d1f22;
    --accent: #7cc0f4; }
  figure img { filter: invert(0.93) hue-rotate(180deg); }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 1.0625rem/1.6 "Iowan Old Style", "Palatino Linotype", Palatino, Georgia, serif; }
header, nav, main, footer { max-width: 61rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2.5rem; }
h1, h2, h3, th, nav, figcaption, caption, .tile { font-family: system-ui, "Segoe UI", Roboto,
  "Helvetica Neue", Arial,
  sans-serif; }
h1 { font-size: clamp(1.6rem, 5vw, 2.4rem); line-height: 1.15; margin: 0 0 0.6rem; text-wrap:
  balance; }
h2 { font-size: 1.35rem; line-height: 1.25; margin: 3rem 0 0.6rem; padding-top: 0.8rem;
  border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 2rem 0 0.4rem; }
p, ul { max-width: 42rem; margin: 0 0 1rem; overflow-wrap: break-word; }
.lead { font-size: 1.15rem; color: var(--soft); }
a { color: var(--accent); }
nav ol { columns: 16rem; margin: 1.5rem 0 0; padding: 0 0 0 1.6rem; font-size: 0.95rem; }
nav a { text-decoration: none; }
nav a:hover, nav a:focus { text-decoration: underline; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap:
  0.75rem;
  margin: 1.5rem 0 0; padding: 0; }
.tile { background: var(--shade); border-radius: 0.5rem; padding: 0.7rem 0.9rem; display: flex;
  flex-direction: column-reverse; justify-content: flex-end; min-width: 0; }
.tile dd { margin: 0; font-size: 1.5rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.tile dt { font-size: 0.85rem; line-height: 1.35; color: var(--soft); }
figure { margin: 1.5rem 0; }
.pictures { display: flex; flex-wrap: wrap; gap: 0.5rem; }
.pictures > * { min-width: 0; }
figure img { display: block; max-width: 100%; height: auto; }
figure img.narrow { display: none; }
figcaption, caption { font-size: 0.9rem; line-height: 1.45; color: var(--soft); text-align: left;
  max-width: 46rem;
  margin-top: 0.4rem; overflow-wrap: break-word; }
.rows { margin: 1.25rem 0 1.5rem; overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.95rem; font-variant-numeric: tabular-nums; }
caption { caption-side: bottom; }
th, td { padding: 0.3rem 0.9rem 0.3rem 0; text-align: right; vertical-align: baseline; }
th { font-size: 0.85rem; font-weight: 600; color: var(--soft); border-bottom: 1px solid
  var(--ink); vertical-align: bottom; }
td { border-bottom: 1px solid var(--line); }
th.text, td.text { text-align: left; }
th:last-child, td:last-child { padding-right: 0; }
tr.best td { font-weight: 700; background: var(--shade); }
code, pre { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: 0.86em; }
code { overflow-wrap: anywhere; }
pre { background: var(--shade); border-radius: 0.5rem; padding: 0.8rem 1rem; margin: 0 0 1rem;
  line-height: 1.5;
  white-space: pre-wrap; overflow-wrap: anywhere; }
pre span { display: inline-block; max-width: 100%; }
footer { color: var(--soft); font-size: 0.9rem; padding-top: 2rem; padding-bottom: 3rem; }
@media (max-width: 40rem) {
  body { font-size: 1rem; }
  header, nav, main, footer { padding-left: 1rem; padding-right: 1rem; }
  header { padding-top: 1.5rem; }
  table { font-size: 0.8rem; }
  th { font-size: 0.72rem; }
  th, td { padding-right: 0.4rem; }
  figure img.narrow { display: block; }
  figure img.wide { display: none; }
}
@media print { nav { display: none; } figure, .rows { break-inside: avoid; } }
]]
