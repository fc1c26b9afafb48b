-- The module "digits.report": a page of prose, tables and pictures in one HTML file, which needs
-- nothing else: no network, no script, no file beside it.
local internals = require("digits.core").internals
local html = require "digits.report.html"
local style = require "digits.report.style"
local is_picture = require("digits.plot.picture").is
local writable = require "digits.writable"

local report = {}
local Page = { __name = "digits.page" }
Page.__index = Page

local function fail(...)
  internals.raise("report: " .. string.format(...))
end

local function want(kind, value, what)
  if type(value) ~= kind then
    fail("%s must be a %s, found %s", what, kind, value == nil and "nil" or "a " .. type(value))
  end
  return value
end

-- A list of lists; `what` is one of them.
local function want_lists(value, what)
  for _, one in ipairs(value) do want("table", one, what) end
  return value
end

function report.new(path, options)
  want("string", path, "the path")
  options = want("table", options or {}, "what is given with the path")
  want("string", options.title, "title")
  writable("report", path)
  return setmetatable({ path = path, title = options.title, lead = options.lead, parts = {},
    sections = {}, top = {} }, Page)
end

local function add(page, text)
  page.parts[#page.parts + 1] = text
  return page
end

-- Figures of note below the title: { { "accuracy", "0.9890" }, ... }.
function Page:tiles(tiles)
  self.top = want_lists(want("table", tiles, "tiles"), "a tile")
  return self
end

-- Begins a section.
function Page:section(title)
  want("string", title, "the title of a section")
  local anchor = html.anchor(title)
  self.sections[#self.sections + 1] = { title = title, anchor = anchor }
  return add(self, ('<h2 id="%s">%s</h2>'):format(anchor, html.escape(title)))
end

-- Begins a part of a section.
function Page:part(title)
  return add(self, "<h3>" .. html.escape(want("string", title, "the title of a part")) .. "</h3>")
end

-- Paragraphs of prose, in which `...` is code.
function Page:text(...)
  for _, paragraph in ipairs { ... } do
    add(self, "<p>" .. html.prose(want("string", paragraph, "a paragraph")) .. "</p>")
  end
  return self
end

-- A list of sentences.
function Page:list(items)
  local lines = {}
  want("table", items, "a list")
  for i, item in ipairs(items) do lines[i] = "<li>" .. html.prose(item) .. "</li>" end
  return add(self, "<ul>\n" .. table.concat(lines, "\n") .. "\n</ul>")
end

-- Commands, or other text that keeps its lines; where one is too long, options stay whole.
function Page:code(text)
  text = html.escape(want("string", text, "code")):gsub("%-%-[^%s<]+", "<span>%0</span>")
  return add(self, "<pre>" .. text .. "</pre>")
end

-- A table: head and rows are lists of cells. caption; texts: how many columns, from the left, hold
-- text, 1 if not given; best: the number of the row that stands out.
function Page:table(given)
  want("table", want("table", given, "a table").head, "head of a table")
  want_lists(want("table", given.rows, "rows of a table"), "a row of a table")
  local texts, lines = want("number", given.texts or 1, "texts of a table"), {}
  local function line(cells, tag)
    local parts = {}
    for i, cell in ipairs(cells) do
      parts[i] = ("<%s%s>%s</%s>"):format(tag, i <= texts and ' class="text"' or "",
        html.prose(cell), tag)
    end
    return table.concat(parts)
  end
  lines[1] = '<div class="rows"><table>'
  if given.caption then lines[2] = "<caption>" .. html.prose(given.caption) .. "</caption>" end
  lines[#lines + 1] = "<thead><tr>" .. line(given.head, "th") .. "</tr></thead><tbody>"
  for i, row in ipairs(given.rows) do
    local tag = i == given.best and '<tr class="best">' or "<tr>"
    lines[#lines + 1] = tag .. line(row, "td") .. "</tr>"
  end
  lines[#lines + 1] = "</tbody></table></div>"
  return add(self, table.concat(lines, "\n"))
end

local function image(picture, alt, class)
  if not is_picture(picture) then
    fail("a figure must be a picture of digits.plot, or { picture, narrow = picture }, found a %s",
      type(picture))
  end
  return ('<img%s src="data:image/svg+xml;base64,%s" width="%d" height="%d" alt="%s">'):format(
    class and (' class="%s"'):format(class) or "", html.base64(picture:render "svg"),
    picture.width, picture.height, html.escape(html.flat(alt)))
end

-- A picture, or several that stand side by side where there is room. Each is a picture of
-- digits.plot, or { picture, narrow = picture }, of which the second is for phones.
function Page:figure(pictures, caption, alt)
  want("table", pictures, "a picture")
  want("string", caption, "the caption of a figure")
  if is_picture(pictures) or rawget(pictures, "narrow") then pictures = { pictures } end
  local images = {}
  alt = want("string", alt or caption, "the description of a figure")
  for i, picture in ipairs(pictures) do
    local several = type(picture) == "table" and rawget(picture, "narrow")
    images[i] = not several and image(picture, alt) or ("<div>%s%s</div>"):format(
      image(picture[1], alt, "wide"), image(picture.narrow, alt, "narrow"))
  end
  if #images == 0 then fail("there is no picture in the figure") end
  local whole = '<figure><div class="pictures">\n%s\n</div><figcaption>%s</figcaption></figure>'
  return add(self, whole:format(table.concat(images, "\n"), html.prose(caption)))
end

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

local function contents(page)
  local links = {}
  for i, section in ipairs(page.sections) do
    links[i] = ('<li><a href="#%s">%s</a></li>'):format(section.anchor, html.escape(section.title))
  end
  return #links > 0
    and '<nav aria-label="Contents"><ol>\n' .. table.concat(links, "\n") .. "\n</ol></nav>" or ""
end

local function tiles(page)
  local list = {}
  for i, tile in ipairs(page.top) do
    list[i] = ('<div class="tile"><dt>%s</dt><dd>%s</dd></div>'):format(html.prose(tile[1]),
      html.prose(tile[2]))
  end
  return #list > 0 and '<dl class="tiles">\n' .. table.concat(list, "\n") .. "\n</dl>" or ""
end

-- The whole page, as a string.
function Page:html()
  return (PAGE:gsub("%$(%l+)", {
    title = html.escape(self.title), style = style, tiles = tiles(self), contents = contents(self),
    lead = self.lead and '<p class="lead">' .. html.prose(self.lead) .. "</p>" or "",
    parts = table.concat(self.parts, "\n"),
  }))
end

-- Writes the page, whole or not at all.
function Page:save()
  internals.picture.write(self.path, self:html())
  return self
end

-- All methods want a page before them and no surplus arguments, and write numbers with a point.
for name, method in pairs(Page) do
  local takes = type(method) == "function" and debug.getinfo(method, "u")
  if takes then
    Page[name] = function(self, ...)
      if getmetatable(self) ~= Page then
        fail("expected a page, found %s; call it with a colon: page:%s(...)",
          self == nil and "nil" or "a " .. type(self), name)
      end
      local found, most = select("#", ...), takes.isvararg and math.huge or takes.nparams - 1
      if found > most then
        fail("%s takes %d argument%s, found %d", name, most, most == 1 and "" or "s", found)
      end
      return internals.c_locale(method, self, ...)
    end
  end
end

internals.document(report.new, "report.new", "new(path, { title = text, lead = nil })\n" ..
  "A page in one HTML file; a path that cannot be written raises now. Its methods add to it:\n" ..
  "tiles { { name, value } }, section(title), part(title), text(paragraphs...),\n" ..
  "list { sentences }, code(text), figure(pictures, caption, alt),\n" ..
  "table { head =, rows =, caption =, texts = 1, best = nil }; and save() writes it.\n" ..
  "local page = digits.report.new(\"out/report.html\", { title = \"Digits\" })")
return report
