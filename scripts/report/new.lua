-- report.new: a page of text, tables and pictures in one self-contained HTML file: no network, no
-- script, no file beside it.
local internals = require("digits.core").internals
local html = require "digits.report.html"
local style = require "digits.report.style"
local is_picture = require("digits.plot.picture").is
local writable = require "digits.writable"

local methods = {}
local Page = { __name = "digits.page", __index = internals.strict(methods, "a page") }

-- Defines a method of pages, which runs in the C locale: numbers have a decimal point.
local function method(name, doc, params, call)
  methods[name] = internals.define({ name = name, path = "page:" .. name, doc = doc, class = Page,
    method = true, arguments = params.arguments or #params, params = params },
    function(...) return internals.c_locale(call, ...) end)
end

local function add(page, text)
  page.parts[#page.parts + 1] = text
  return page
end

method("tiles", "Sets the key figures, which are shown below the title.", {
  { "tiles", "list", required = true, of = { "list", of = "value" },
    doc = "pairs such as { \"accuracy\", 0.989 }" } }, function(self, tiles)
  self.top = tiles
  return self
end)

method("section", "Begins a section.", { { "title", "string", required = true,
  doc = "the section's title" } },
  function(self, title)
    local anchor = html.anchor(title)
    self.sections[#self.sections + 1] = { title = title, anchor = anchor }
    return add(self, ('<h2 id="%s">%s</h2>'):format(anchor, html.escape(title)))
  end)

method("part", "Begins a part of a section.", { { "title", "string", required = true,
  doc = "the part's title" } }, function(self, title)
  return add(self, "<h3>" .. html.escape(title) .. "</h3>")
end)

method("text", "Adds paragraphs, in which `...` is code.", { arguments = -1, { "paragraphs",
  "list", of = "string", rest = true, doc = "one or more" } }, function(self, given)
  for _, paragraph in ipairs(given.paragraphs or {}) do
    add(self, "<p>" .. html.prose(paragraph) .. "</p>")
  end
  return self
end)

method("list", "Adds a bulleted list.", { { "items", "list", required = true,
  doc = "strings, in which `...` is code" } }, function(self, items)
  local lines = {}
  for i, item in ipairs(items) do lines[i] = "<li>" .. html.prose(item) .. "</li>" end
  return add(self, "<ul>\n" .. table.concat(lines, "\n") .. "\n</ul>")
end)

method("code", "Adds commands, or other preformatted text.", { { "text", "string",
  required = true, doc = "the text; long lines are wrapped, but not within an option" } },
  function(self, text)
    text = html.escape(text):gsub("%-%-[^%s<]+", "<span>%0</span>")
    return add(self, "<pre>" .. text .. "</pre>")
  end)

local CELLS = { "list", of = "value" }

method("table", "Adds a table.", { arguments = 0,
  { "head", "list", required = true, doc = "the names of the columns" },
  { "rows", "list", of = CELLS, required = true, doc = "lists of cells" },
  { "caption", "string", doc = "text below the table" },
  { "texts", "integer", low = 0, default = 1, doc = "the number of left-aligned columns" },
  { "best", { "integer" }, low = 1, doc = "the row to highlight" },
}, function(self, given)
  local lines = { '<div class="rows"><table>' }
  local function line(cells, tag)
    local parts = {}
    for i, cell in ipairs(cells) do
      parts[i] = ("<%s%s>%s</%s>"):format(tag, i <= given.texts and ' class="text"' or "",
        html.prose(cell), tag)
    end
    return table.concat(parts)
  end
  if given.caption then lines[2] = "<caption>" .. html.prose(given.caption) .. "</caption>" end
  lines[#lines + 1] = "<thead><tr>" .. line(given.head, "th") .. "</tr></thead><tbody>"
  for i, row in ipairs(given.rows) do
    local tag = i == given.best and '<tr class="best">' or "<tr>"
    lines[#lines + 1] = tag .. line(row, "td") .. "</tr>"
  end
  lines[#lines + 1] = "</tbody></table></div>"
  return add(self, table.concat(lines, "\n"))
end)

local function image(picture, alt, class)
  return ('<img%s src="data:image/svg+xml;base64,%s" width="%d" height="%d" alt="%s">'):format(
    class and (' class="%s"'):format(class) or "", html.base64(picture:render "svg"),
    picture.width, picture.height, html.escape(html.flat(alt)))
end

method("figure", "Adds a picture, or several, side by side if there is room.", {
  { "pictures", { "picture", "list" }, of = { "picture", "record" }, some = true, required = true,
    doc = "each a picture, or two, the second for phones: { picture, narrow = picture }", fields = {
      { "picture", "picture", required = true, doc = "for screens" },
      { "narrow", "picture", required = true, named_only = true, doc = "for phones" } } },
  { "caption", "string", required = true, doc = "text below the picture" },
  { "alt", "string", doc = "a description for screen readers; by default the caption" },
}, function(self, pictures, caption, alt)
  local images = {}
  alt = alt or caption
  for i, one in ipairs(is_picture(pictures) and { pictures } or pictures) do
    images[i] = is_picture(one) and image(one, alt) or ("<div>%s%s</div>"):format(
      image(one.picture, alt, "wide"), image(one.narrow, alt, "narrow"))
  end
  local whole = '<figure><div class="pictures">\n%s\n</div><figcaption>%s</figcaption></figure>'
  return add(self, whole:format(table.concat(images, "\n"), html.prose(caption)))
end)

local PAGE = [[
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>$title</title>
<style>
$style</style>
</head>
<body>
<header>
<h1>$title</h1>
$lead
$tiles
</header>
$contents
<main>
$parts
</main>
<footer>Made by digits-lua.</footer>
</body>
</html>
]]

-- The items between two tags, or "" if there are none: item(one) returns two strings for `format`.
local function all(list, before, after, format, item)
  local lines = {}
  for i, one in ipairs(list) do lines[i] = format:format(item(one)) end
  return #lines > 0 and before .. "\n" .. table.concat(lines, "\n") .. "\n" .. after or ""
end

local function contents(page)
  return all(page.sections, '<nav aria-label="Contents"><ol>', "</ol></nav>",
    '<li><a href="#%s">%s</a></li>',
    function(section) return section.anchor, html.escape(section.title) end)
end

local function tiles(page)
  return all(page.top, '<dl class="tiles">', "</dl>",
    '<div class="tile"><dt>%s</dt><dd>%s</dd></div>',
    function(tile) return html.prose(tile[1]), html.prose(tile[2]) end)
end

method("html", "Returns the whole page as a string.", {}, function(self)
  return (PAGE:gsub("%$(%l+)", {
    title = html.escape(self.title), style = style, tiles = tiles(self), contents = contents(self),
    lead = self.lead and '<p class="lead">' .. html.prose(self.lead) .. "</p>" or "",
    parts = table.concat(self.parts, "\n"),
  }))
end)

method("save", "Writes the page to its file, completely or not at all.", {}, function(self)
  internals.picture.write(self.path, self:html())
  return self
end)

return internals.define({
  name = "report.new", path = "report.new", arguments = 1,
  doc = "Creates a page in one HTML file; raises an error if the file cannot be written. Its " ..
    "methods add\nto it: tiles, section, part, text, list, code, figure and table; save writes it.",
  params = {
    { "path", "path", required = true, doc = "the file" },
    { "title", "string", required = true, doc = "the page's title" },
    { "lead", "string", doc = "text below the title" },
  },
  example = "local page = digits.report.new(\"out/report.html\", { title = \"Digits\" })",
}, function(path, options)
  writable("report", path)
  return setmetatable({ path = path, title = options.title, lead = options.lead or false,
    parts = {}, sections = {}, top = {} }, Page)
end)
