-- What a plot returns: a picture, with save, show and render.
--
-- new { kind =, title =, width =, height =, layout =, terminal = } makes one:
--   layout(width, height)       the panels on a sheet of this size, { { panel, box } ... }; texts
--   terminal(columns, colours)  its text for a terminal, or nil: the panels, one below another
local core = require "digits.core"
local internals, picture = core.internals, core.internals.picture
local check = require "digits.plot.check"
local gnuplot = require "digits.plot.gnuplot"
local style = require "digits.plot.style"

local Picture = { __name = "digits.picture" }
local methods = {}

local ENDINGS = { "svg", "png", "pdf" }
local LINES = 18 -- of a panel in a terminal

local function ending_of(name, text, path)
  for _, ending in ipairs(ENDINGS) do
    if text == ending then return ending end
  end
  check.fail(name, "expected %s, found '%s'", path and "a path that ends in .svg, .png or .pdf"
    or "\"svg\", \"png\" or \"pdf\"", path or tostring(text))
end

local function want_picture(value, name)
  if getmetatable(value) == Picture then return value end
  check.fail(name, "expected a picture, found %s; call it with a colon: p:%s(...)",
    check.found(value), name)
end

-- The panels below the title, and the title's lines.
function Picture.place(self, width, height)
  local texts, top = {}, 0
  if self.title and self.title ~= "" then
    local lines = style.wrap(self.title, style.title, width - 24)
    for i, line in ipairs(lines) do
      texts[i] = { x = 12, y = 8 + 23 * (i - 0.5), text = line, size = style.title }
    end
    top = 10 + 23 * #lines
  end
  local placed, more = self.layout(width, height - top)
  for _, entry in ipairs(placed) do entry[2].y = entry[2].y + top end
  for _, text in ipairs(more or {}) do
    text.y = text.y + top
    texts[#texts + 1] = text
  end
  return placed, texts
end

function methods.render(self, format)
  want_picture(self, "render")
  format = ending_of("render", type(format) == "string" and format:lower() or format)
  return internals.c_locale(function()
    local placed, texts = Picture.place(self, self.width, self.height)
    return gnuplot.draw(format, self.width, self.height, placed, texts, self.title or self.kind)
  end)
end

function methods.save(self, path)
  want_picture(self, "save")
  if type(path) ~= "string" then
    check.fail("save", "the path must be a string, found %s", check.found(path))
  end
  local format = ending_of("save", (path:match "%.([^./]*)$" or ""):lower(), path)
  local writable, message = core.internals.check_writable(path, "save")
  if not writable then core.internals.raise(message) end
  picture.write(path, methods.render(self, format))
  return self
end

-- The text of a picture; `columns` and `colours` as internals.picture.terminal gives them.
function Picture.text(self, columns, colours)
  local parts = {}
  if self.title and self.title ~= "" then parts[1] = style.clean(self.title) .. "\n" end
  if self.terminal then
    parts[#parts + 1] = self.terminal(columns, colours)
  else
    for _, entry in ipairs((self.layout(self.width, self.height))) do
      parts[#parts + 1] = gnuplot.text(entry[1], columns, LINES, colours)
    end
  end
  return table.concat(parts, "\n")
end

function methods.show(self)
  want_picture(self, "show")
  io.stdout:write(internals.c_locale(Picture.text, self, picture.terminal()))
  io.stdout:flush()
end

local documents = {
  save = "save(path)\nWrites the picture, whole or not at all, as .svg, .png or .pdf by its " ..
    "ending.\nplot.history(history):save \"history.svg\"",
  show = "show()\nDraws the picture in the terminal, as wide as that is; in colour where it can.",
  render = "render(format)\nThe bytes of a file of this format, \"svg\", \"png\" or " ..
    "\"pdf\", as a string.",
}
for name, text in pairs(documents) do
  internals.document(methods[name], "picture:" .. name, text)
end
internals.exact(methods)

function Picture.__index(_, name)
  if methods[name] then return methods[name] end
  if name == "title" or name == "terminal" then return nil end
  local near = type(name) == "string" and internals.nearest(name, methods)
  internals.raise(("a picture has no field '%s'%s"):format(tostring(name),
    near and (", did you mean '%s'?"):format(near) or ", it has save, show and render"))
end

function Picture.__tostring(self)
  return ("picture: %s, %d × %d pixels"):format(self.kind, self.width, self.height)
end

function Picture.__dir()
  return { "render", "save", "show" }
end

local function new(fields)
  fields.width = fields.width // 1 | 0
  fields.height = fields.height // 1 | 0
  return setmetatable(fields, Picture)
end

return { new = new, place = Picture.place, text = Picture.text,
  is = function(value) return getmetatable(value) == Picture end }
