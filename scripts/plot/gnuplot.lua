-- Translates panels into gnuplot commands.
--
-- A panel is a table:
--   title, xlabel, ylabel     texts, or nil
--   x, y                      axes: { low, high, ticks = { { position, text } ... }, log = bool,
--                             grid = bool, right = bool: on the right, slanted = bool: tick texts,
--                             names = bool: tick texts are cut rather than left out if there is no
--                             room }; low > high reverses the axis
--   marks                     what is drawn, in this order; each has a kind:
--     line     x, y, colour, label; dash ("none": points only), point, size; sign in a terminal
--     bars     list of { x0, x1, y0, y1 }; colour, label
--     spread   x, low, high: a thin bar from low to high
--     raster   raster (a uint8 tensor {h, w, 3}), x0 < x1, y0 < y1: the first row is at y0
--     text     x, y, text; size, colour, align
--     box      x0, y0, x1, y1, colour: a thin outline
--     plate    x0, y0, x1, y1, colour: a filled box behind everything else
--     rule     x0, y0, x1, y1; colour, dash: a thin straight line; front = true: above rasters
--   axes                      false: neither axes nor ticks; "ticks": ticks without axes
--   square                    true: the same length for both axes
--   margin                    { left, right, top, bottom }: pixels around the axes
local internals = require("digits.core").internals
local picture = internals.picture
local style = require "digits.plot.style"

local gnuplot = {}

-- ---- words ----

-- A text as a gnuplot expression. In single quotes only the quote itself is special; doubling it
-- does not work everywhere, so it is written as an octal escape in double quotes.
local APART = { ["'"] = "'.\"\\047\".'", ["\n"] = "'.\"\\n\".'" }

local function quote(text)
  return "'" .. style.clean(text):gsub("['\n]", APART) .. "'"
end

local function number(x)
  return style.finite(x) and ("%.9g"):format(x) or "NaN"
end

-- string.format, but numbers are formatted for gnuplot first.
local function words(format, ...)
  local given = { ... }
  for i, value in ipairs(given) do
    if type(value) == "number" then given[i] = number(value) end
  end
  return #given > 0 and format:format(table.unpack(given)) or format
end

-- Ticks for gnuplot, with their texts, which gnuplot takes as formats, or without.
local function tick_list(ticks, with_texts)
  local parts = {}
  for i, tick in ipairs(ticks) do
    local text = with_texts and style.clean(tick[2]):gsub("%%", "%%%%") or ""
    parts[i] = quote(text) .. " " .. number(tick[1])
  end
  return "(" .. table.concat(parts, ", ") .. ")"
end

-- ---- data ----

local function rows(columns)
  local lines = {}
  for i = 1, #columns[1] do
    local row = {}
    for k, column in ipairs(columns) do row[k] = number(column[i]) end
    lines[i] = table.concat(row, " ")
  end
  lines[#lines + 1] = "e\n"
  return table.concat(lines, "\n")
end

-- For marks that are plotted: return the element of the plot command and its data.
local plotted = {}

function plotted.line(mark)
  local look = words("lc rgb '%s' lw 2 dt %s", mark.colour, mark.dash or "1")
  local points = words("pt %s ps %s", mark.point or 7, mark.size or 0.8)
  local with = mark.dash == "none" and words("points lc rgb '%s' %s", mark.colour, points)
    or mark.point and "linespoints " .. look .. " " .. points or "lines " .. look
  return "'-' using 1:2 with " .. with, rows { mark.x, mark.y }
end

function plotted.bars(mark)
  local x, y, x0, x1, y0, y1 = {}, {}, {}, {}, {}, {}
  for i, bar in ipairs(mark) do
    x0[i], x1[i], y0[i], y1[i] = bar[1], bar[2], bar[3], bar[4]
    x[i], y[i] = (bar[1] + bar[2]) / 2, bar[4]
  end
  return ("'-' using 1:2:3:4:5:6 with boxxyerror fs solid 1 noborder lc rgb '%s'"):format(
    mark.colour), rows { x, y, x0, x1, y0, y1 }
end

-- gnuplot cannot draw images of one row or column, and viewers of SVG and PDF blur enlarged pixels.
-- So each pixel is repeated, about as often as the number of pixels it covers on the sheet.
local function factor_of(mark, panel, frame)
  local shape = mark.raster.shape
  local covers = (frame.right - frame.left) * (mark.x1 - mark.x0)
    / math.abs(panel.x[2] - panel.x[1]) / shape[2]
  local least = (shape[1] == 1 or shape[2] == 1) and 2 or 1
  return math.max(least, math.min(math.ceil(covers), 2000 // math.max(shape[1], shape[2])))
end

function plotted.raster(mark, panel, frame)
  local factor = factor_of(mark, panel, frame)
  local bytes = picture.bytes(mark.raster, factor)
  local high, wide = mark.raster.shape[1] * factor, mark.raster.shape[2] * factor
  local dx, dy = (mark.x1 - mark.x0) / wide, (mark.y1 - mark.y0) / high
  return words("'-' binary array=(%d,%d) format='%%uchar%%uchar%%uchar' origin=(%s,%s) dx=%s " ..
    "dy=%s using 1:2:3 with rgbimage", wide, high, mark.x0 + dx / 2, mark.y0 + dy / 2, dx, dy),
    bytes
end

-- ---- paper ----

-- Collects commands for a sheet of `width` by `height` pixels; a font size in pixels times `unit`
-- is gnuplot's font size.
local Paper = {}
Paper.__index = Paper

function Paper:add(format, ...)
  self[#self + 1] = words(format, ...)
end

-- A position in pixels from the upper left corner.
function Paper:at(x, y)
  return words("screen %s,%s", x / self.width, 1 - y / self.height)
end

function Paper:text(place, text, size, colour, align)
  self:add("set label %s at %s %s front font ',%s' tc rgb '%s'", quote(text), place,
    align or "left", size * self.unit, colour or style.ink)
end

-- ---- legends ----

local SAMPLE = 30 -- the length of a line's sample, in pixels

-- The marks with labels, in rows that fit the width: { { mark, x } ... }.
local function legend_rows(panel, width)
  local lines, x = {}, width
  for _, mark in ipairs(panel.marks) do
    if mark.label then
      local label = style.cut(mark.label, style.small, width - SAMPLE - 8)
      local needs = SAMPLE + 8 + style.width(label, style.small)
      if #lines == 0 or x + needs > width then
        lines[#lines + 1] = {}
        x = 0
      end
      table.insert(lines[#lines], { mark, x })
      x = x + needs + 18
    end
  end
  return lines
end

local function draw_legend(paper, lines, left, top, width)
  for i, line in ipairs(lines) do
    local y = top + (i - 0.5) * 21
    for _, entry in ipairs(line) do
      local mark, x = entry[1], left + entry[2]
      if mark.kind == "bars" then
        paper:add("set object rect from %s to %s fs solid 1 noborder fc rgb '%s' front",
          paper:at(x + 10, y - 6), paper:at(x + SAMPLE, y + 6), mark.colour)
      elseif mark.dash ~= "none" then
        paper:add("set arrow from %s to %s nohead lc rgb '%s' lw 2 dt %s front", paper:at(x, y),
          paper:at(x + SAMPLE, y), mark.colour, mark.dash or "1")
      end
      if mark.kind == "line" and (mark.point or mark.dash == "none") then
        paper:add("set label '' at %s point pt %s ps %s lc rgb '%s' front",
          paper:at(x + SAMPLE / 2, y), mark.point or 7, mark.size or 0.8, mark.colour)
      end
      paper:text(paper:at(x + SAMPLE + 8, y),
        style.cut(mark.label, style.small, width - SAMPLE - 8), style.small)
    end
  end
end

-- ---- panels ----

-- The position of a value on an axis, from 0 to 1.
local function share_of(axis, at)
  local low, high = axis[1], axis[2]
  if axis.log then low, high, at = math.log(low), math.log(high), math.log(at) end
  return (at - low) / (high - low)
end

-- How far the text of the last tick extends beyond the right end of an axis.
local function overhang(axis, wide)
  local last = axis.ticks and axis.ticks[#axis.ticks]
  if not last or axis.names or axis.slanted then return 0 end
  return style.width(last[2], style.small) / 2 - (1 - share_of(axis, last[1])) * wide
end

-- The position of the axes in pixels (left, top, right, bottom), and the rows of the legend.
local function frame_of(panel, box)
  local margin = panel.margin or {}
  local ticks = panel.axes ~= false
  local left = margin[1]
    or 10 + (panel.ylabel and 26 or 0) + (ticks and style.widest(panel.y.ticks or {}) + 8 or 0)
  local right = margin[2] or 16
  if ticks and not margin[2] then
    right = math.max(right, overhang(panel.x, box.w - left - right) + 2)
  end
  local lines = legend_rows(panel, box.w - left - right)
  local top = margin[3] or 10 + (panel.title and 28 or 0) + 21 * #lines + (#lines > 0 and 4 or 0)
  local bottom = margin[4] or 10 + (panel.xlabel and 24 or 0) + (ticks and 26 or 0)
  local wide, high = box.w - left - right, box.h - top - bottom
  if panel.square then
    local side = math.min(wide, high)
    left, top = left + (wide - side) / 2, top + (high - side) / 2
    wide, high = side, side
  end
  wide, high = math.max(wide, 10), math.max(high, 10)
  return { left = box.x + left, top = box.y + top, right = box.x + left + wide,
    bottom = box.y + top + high, lines = lines }
end

-- The ticks whose texts fit side by side: every second, third ... if necessary; names are cut.
local function with_room(axis, frame)
  local skip, wide, shown = 1, frame.right - frame.left, {}
  local function distance(i, k) -- between neighbours, in pixels
    return math.abs(share_of(axis, axis.ticks[k][1]) - share_of(axis, axis.ticks[i][1])) * wide
  end
  if axis.names then
    local room = #axis.ticks > 1 and distance(1, 2) or wide
    for i, tick in ipairs(axis.ticks) do
      shown[i] = { tick[1], style.cut(tick[2], style.small, room - 6) }
    end
    return shown
  end
  local function crowded()
    for i = 1, #axis.ticks - skip, skip do
      local texts = axis.ticks[i][2] .. axis.ticks[i + skip][2]
      if style.width(texts, style.small) / 2 > distance(i, i + skip) then return true end
    end
  end
  while crowded() do skip = skip + 1 end
  for i = 1, #axis.ticks, skip do shown[#shown + 1] = axis.ticks[i] end
  return shown
end

-- Draws tick texts as labels, because gnuplot takes its own as formats and cuts long ones.
local function draw_ticks(paper, name, axis, frame)
  local along = name == "x" and not axis.slanted
  for _, tick in ipairs(along and with_room(axis, frame) or axis.ticks) do
    local at, align = tick[1], "center"
    if name == "x" then
      at = words("first %s, screen %s", at, 1 - (frame.bottom + 18) / paper.height)
      if axis.slanted then align = "right rotate by 45" end
    else
      local x = axis.right and frame.right + 7 or frame.left - 9
      at = words("screen %s, first %s", x / paper.width, at)
      align = axis.right and "left" or "right"
    end
    paper:text(at, tick[2], style.small, nil, align)
  end
end

local function set_axis(paper, name, axis, panel, frame)
  paper:add("set %srange [%s:%s]", name, axis[1], axis[2])
  if axis.log then paper:add("set log %s", name) end
  paper:add("unset %stics", name)
  if panel.axes == false or not axis.ticks or #axis.ticks == 0 then return end
  draw_ticks(paper, name, axis, frame)
  if panel.axes == "ticks" then return end
  paper:add("set %stics out nomirror scale 0.6 %s", name, tick_list(axis.ticks))
  if axis.grid then
    paper:add("set grid %stics lt 1 lw 1 lc rgb '%s' back", name, style.grid)
  end
end

local function draw_frame(paper, panel, frame, box)
  paper:add("set lmargin at screen %s", frame.left / paper.width)
  paper:add("set rmargin at screen %s", frame.right / paper.width)
  paper:add("set tmargin at screen %s", 1 - frame.top / paper.height)
  paper:add("set bmargin at screen %s", 1 - frame.bottom / paper.height)
  if panel.axes == false or panel.axes == "ticks" then
    paper:add("unset border")
  else
    paper:add("set border 3 lw 1 lc rgb '%s'", style.ink)
  end
  set_axis(paper, "x", panel.x, panel, frame)
  set_axis(paper, "y", panel.y, panel, frame)
  local legend_high = 21 * #frame.lines + (#frame.lines > 0 and 4 or 0)
  if panel.title then
    paper:text(paper:at(frame.left, frame.top - legend_high - 18),
      style.cut(panel.title, style.label, box.x + box.w - frame.left), style.label)
  end
  draw_legend(paper, frame.lines, frame.left, frame.top - legend_high - 2, box.w)
  if panel.xlabel then
    local y = frame.bottom + (panel.x.slanted or 40)
    paper:text(paper:at((frame.left + frame.right) / 2, y),
      style.cut(panel.xlabel, style.label, box.w), style.label, nil, "center")
  end
  if panel.ylabel then
    local x = frame.left - style.widest(panel.y.ticks or {}) - (panel.axes == false and 18 or 28)
    paper:text(paper:at(x, (frame.top + frame.bottom) / 2),
      style.cut(panel.ylabel, style.label, box.h), style.label, nil, "center rotate by 90")
  end
end

-- For marks that are set before the plot. ends: "from ... to ...", for marks with x0.
local standing = {}

function standing.text(paper, mark)
  paper:text(words("first %s,%s", mark.x, mark.y), mark.text, mark.size or style.small,
    mark.colour, mark.align or "center")
end

function standing.box(paper, mark, ends)
  paper:add("set object rect %s front fs empty border rgb '%s' lw 1", ends, mark.colour)
end

function standing.plate(paper, mark, ends)
  paper:add("set object rect %s behind fs solid noborder fc rgb '%s'", ends, mark.colour)
end

function standing.spread(paper, mark)
  paper:add("set arrow from first %s,%s to first %s,%s heads size screen %s,90 front lw 1.5 " ..
    "lc rgb '%s'", mark.x, mark.low, mark.x, mark.high, 4 / paper.width, style.ink)
end

function standing.rule(paper, mark, ends)
  paper:add("set arrow %s nohead %s lc rgb '%s' lw 1 dt %s", ends, mark.front and "front" or "back",
    mark.colour or style.soft, mark.dash or "(6,4)")
end

local function draw_panel(paper, panel, box)
  local elements, data = {}, {}
  paper:add("reset")
  paper:add("unset key")
  local frame = frame_of(panel, box)
  draw_frame(paper, panel, frame, box)
  for _, mark in ipairs(panel.marks) do
    if standing[mark.kind] then
      standing[mark.kind](paper, mark, mark.x0 and words("from first %s,%s to first %s,%s", mark.x0,
        mark.y0, mark.x1, mark.y1))
    else
      elements[#elements + 1], data[#data + 1] = plotted[mark.kind](mark, panel, frame)
    end
  end
  if #elements == 0 then elements[1] = "NaN" end
  paper:add("plot %s", table.concat(elements, ", "))
  paper[#paper] = paper[#paper] .. "\n" .. table.concat(data)
end

-- ---- formats ----

-- unit: see Paper. The font is one that fontconfig has or replaces, and that browsers know.
local formats = {
  svg = { unit = 1, terminal = "svg size %d,%d fixed noenhanced font 'Arial,15' " ..
    "background rgb 'white'", begins = "^<%?xml", ends = "</svg>%s*$" },
  png = { unit = 0.75, terminal = "pngcairo size %d,%d noenhanced font 'Arial,11.25' " ..
    "background rgb 'white'", begins = "^\137PNG\r\n\26\n", ends = "IEND\174B`\130$" },
  pdf = { unit = 1.0833, terminal = "pdfcairo size %gin,%gin noenhanced font 'Arial,16.25' " ..
    "background rgb 'white'", begins = "^%%PDF%-", ends = "%%%%EOF%s*$", inches = 96 },
}
local SECONDS = 120

-- Keeps browsers from blurring enlarged pixels and gives them alternative fonts, and removes the
-- date (except from PDF by cairo 1.18 or later, which compresses it).
local function finish(format, bytes, title)
  if format == "svg" then
    bytes = bytes:gsub("]]>", "]]&gt;") -- which XML does not allow in text
    bytes = bytes:gsub("<image ", "<image style='image-rendering:pixelated' ")
    bytes = bytes:gsub('font%-family="Arial"',
      'font-family="Arial,Liberation Sans,DejaVu Sans,Helvetica,sans-serif"')
    local escaped = style.clean(title):gsub("\n", " ")
      :gsub("[&<>]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" })
    bytes = bytes:gsub("<title>Gnuplot</title>", function()
      return "<title>" .. escaped .. "</title>"
    end, 1)
    bytes = bytes:gsub('(<g id="gnuplot_plot_%w+" >)<title>[^<]*</title>', "%1") -- tooltips
  elseif format == "pdf" then
    bytes = bytes:gsub("(/CreationDate %(D:)%d%d%d%d%d%d%d%d%d%d%d%d%d%d", "%120000101000000")
  end
  return bytes
end

local function run(commands, format)
  local bytes, said = picture.gnuplot(commands, SECONDS)
  if not bytes:find(format.begins) or not bytes:find(format.ends) then
    said = style.clean(said):gsub("%s+", " "):gsub("^ ", ""):gsub(" $", "")
    internals.raise("save: gnuplot wrote an incomplete picture" ..
      (said ~= "" and ": " .. said or ""))
  end
  if said:find "%S" then warn("plot: gnuplot says: ", (said:gsub("%s+", " "))) end
  return bytes
end

-- Returns the bytes of an "svg", "png" or "pdf" file with panels { { panel, box } ... }, box =
-- { x, y, w, h } in pixels, and texts { x, y, text, size }.
function gnuplot.draw(format, width, height, placed, texts, title)
  local kind = formats[format]
  local paper = setmetatable({ width = width, height = height, unit = kind.unit }, Paper)
  local inches = kind.inches or 1
  paper:add("set encoding utf8")
  paper:add("set terminal " .. kind.terminal, width / inches, height / inches)
  paper:add("set multiplot")
  for _, text in ipairs(texts) do
    paper:text(paper:at(text.x, text.y), text.text, text.size, text.colour, text.align)
  end
  if #texts > 0 then -- labels are drawn by a plot
    paper:add("unset key\nunset border\nunset tics\nset xrange [0:1]\nset yrange [0:1]\nplot NaN")
  end
  for _, entry in ipairs(placed) do draw_panel(paper, entry[1], entry[2]) end
  paper:add("unset multiplot")
  paper:add("unset output\n")
  return finish(format, run(table.concat(paper, "\n"), kind), title)
end

-- ---- terminals ----

-- A panel of lines as text, drawn by gnuplot's dumb terminal.
function gnuplot.text(panel, columns, lines, colours)
  local paper, elements, data = setmetatable({}, Paper), {}, {}
  paper:add("set encoding utf8")
  paper:add("set terminal dumb size %d,%d noenhanced %s", columns, lines,
    colours == "true" and "ansirgb" or colours == "256" and "ansi256" or "mono")
  local title = panel.title or panel.ylabel
  if title then paper:add("set title %s", quote(title)) end
  if panel.xlabel then paper:add("set xlabel %s", quote(panel.xlabel)) end
  paper:add("set key top outside horizontal left")
  paper:add("set border 3")
  for _, name in ipairs { "x", "y" } do
    local axis = panel[name]
    paper:add("set %srange [%s:%s]", name, axis[1], axis[2])
    if axis.log then paper:add("set log %s", name) end
    paper:add("set %stics out nomirror %s", name, tick_list(axis.ticks or {}, true))
  end
  for _, mark in ipairs(panel.marks) do
    if mark.kind == "line" then
      local sign = mark.sign or mark.label and style.clean(mark.label):match "^%w" or "*"
      local with = (mark.point or #mark.x <= columns // 2) and mark.dash ~= "none"
        and "linespoints" or mark.point and "points" or "lines"
      elements[#elements + 1] = ("'-' using 1:2 with %s%s lc rgb '%s' title %s"):format(with,
        with == "lines" and "" or " pt " .. quote(sign), mark.colour, quote(mark.label or ""))
      data[#data + 1] = rows { mark.x, mark.y }
    elseif mark.kind == "bars" then
      elements[#elements + 1], data[#data + 1] = plotted.bars(mark)
      elements[#elements] = elements[#elements]:gsub("fs solid 1 noborder", "fs empty")
        .. " notitle"
    end
  end
  if #elements == 0 then elements[1] = "NaN notitle" end
  paper:add("plot %s\n%s", table.concat(elements, ", "), table.concat(data))
  local text = picture.gnuplot(table.concat(paper, "\n"), SECONDS)
  return (text:gsub("\f", ""):gsub("[ \n]+$", ""):gsub("^\n+", "")) .. "\n"
end

return gnuplot
