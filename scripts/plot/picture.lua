-- Pictures, which plots return, with the methods save, show and render.
--
-- new(kind, options, { width =, height =, above =, layout =, terminal = }) creates one:
--   options                     title, width and height; by default width, and height plus, with a
--                               title, above
--   layout(width, height)       returns the panels on a sheet of this size, { { panel, box } ... },
--                               and texts
--   terminal(columns, colours)  returns its text for a terminal; nil: the panels, one below another
local core = require "digits.core"
local internals, picture = core.internals, core.internals.picture
local gnuplot = require "digits.plot.gnuplot"
local style = require "digits.plot.style"

local Picture = internals.printable "picture"
local methods = {}

local LINES = 18 -- the height of a panel in a terminal

-- Adds the picture's panels, and the lines of its title and other texts, within a box of a sheet.
function Picture.place(self, box, panels, texts)
  local lines, top = {}, 0
  if self.title and self.title ~= "" then
    lines = style.wrap(self.title, style.title, box.w - 24)
    top = 10 + 23 * #lines
  end
  for i, line in ipairs(lines) do
    texts[#texts + 1] = { x = box.x + 12, y = box.y + 8 + 23 * (i - 0.5), text = line,
      size = style.title }
  end
  local placed, more = self.layout(box.w, box.h - top)
  local function move(at) at.x, at.y = at.x + box.x, at.y + top + box.y end
  for _, entry in ipairs(placed) do
    move(entry[2])
    panels[#panels + 1] = entry
  end
  for _, text in ipairs(more or {}) do
    move(text)
    texts[#texts + 1] = text
  end
end

local function render(self, format)
  return internals.c_locale(function()
    local panels, texts = {}, {}
    Picture.place(self, { x = 0, y = 0, w = self.width, h = self.height }, panels, texts)
    return gnuplot.draw(format, self.width, self.height, panels, texts, self.title or self.kind)
  end)
end

local function save(self, path)
  local format = (path:match "%.([^./]*)$" or ""):lower()
  if format ~= "svg" and format ~= "png" and format ~= "pdf" then
    internals.raise(("save: expected a path that ends in .svg, .png or .pdf, found '%s'")
      :format(path))
  end
  local writable, message = internals.check_writable(path, "save")
  if not writable then internals.raise(message) end
  picture.write(path, render(self, format))
  return self
end

-- The text of a picture; `columns` and `colours` as returned by internals.picture.terminal.
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

local function show(self)
  io.stdout:write(internals.c_locale(Picture.text, self, picture.terminal()))
  io.stdout:flush()
end

local function method(name, doc, params, call, example)
  methods[name] = internals.define({ name = name, path = "picture:" .. name, doc = doc,
    class = Picture, method = true, arguments = #params, params = params, example = example }, call)
end

method("save", "Writes the picture to a file, completely or not at all.", {
  { "path", "path", required = true,
    doc = "the file; its ending, .svg, .png or .pdf, selects the format" } }, save,
  "plot.history(history):save \"history.svg\"")
method("show", "Draws the picture in the terminal, in colour if possible.", {},
  show)
method("render", "Returns the picture as a string, the contents of a file.", { { "format", "choice",
  choices = { "svg", "png", "pdf" }, required = true, doc = "the format of the file" } }, render)

Picture.__index = internals.strict(methods, "a picture")

function Picture.__tostring(self)
  return ("picture: %s, %d × %d pixels"):format(self.kind, self.width, self.height)
end

local function new(kind, options, fields)
  fields.kind, fields.title = kind, options.title or false -- nil would be unknown
  fields.terminal = fields.terminal or false
  fields.width = options.width or fields.width // 1 | 0
  fields.height = options.height
    or (fields.height + (options.title and fields.above or 0)) // 1 | 0
  return setmetatable(fields, Picture)
end

return { new = new, place = Picture.place, text = Picture.text,
  is = function(value) return getmetatable(value) == Picture end }
