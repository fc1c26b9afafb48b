-- plot.confusion_matrix: a confusion matrix as a table with colours.
local core = require "digits.core"
local picture_of = core.internals.picture
local plot = require "digits.plot.define"
local style = require "digits.plot.style"

-- The names of the labels as strings; checks that counts are square.
local function texts_of(names, counts)
  if #counts == 0 or #names ~= #counts then
    plot.fail("confusion_matrix: expected as many labels as rows of counts, found %d and %d",
      #names, #counts)
  end
  local texts = {}
  for i, row in ipairs(counts) do
    texts[i] = tostring(names[i])
    if #row ~= #counts then
      plot.fail("confusion_matrix: counts must be square, found %d rows and %d values in row %d",
        #counts, #row, i)
    end
  end
  return texts
end

-- The share of each cell in its row, and the greatest share off the diagonal.
local function shares_of(counts)
  local shares, worst = {}, 0
  for i, row in ipairs(counts) do
    local sum = 0
    for _, count in ipairs(row) do sum = sum + count end
    shares[i] = {}
    for k, count in ipairs(row) do
      shares[i][k] = sum > 0 and count / sum or 0
      if i ~= k then worst = math.max(worst, shares[i][k]) end
    end
  end
  return shares, worst
end

-- Shades from -1 to 1: the diagonal in pale blue, errors in orange on a scale of their own.
local function shades_of(counts, shares, worst)
  local shades = {}
  for i, row in ipairs(shares) do
    shades[i] = {}
    for k, share in ipairs(row) do
      if i == k then
        shades[i][k] = counts[i][k] > 0 and -(0.08 + 0.27 * share) or 0.0
      else
        shades[i][k] = share > 0 and 0.06 + 0.84 * share / worst or 0.0
      end
    end
  end
  return shades
end

local function percent(share)
  if share > 0 and share < 0.0005 then return "<0.1 %" end
  return (share >= 0.9995 and "%.0f %%" or "%.1f %%"):format(100 * share)
end

-- Adds the texts of the cells; `cell` is the side of a cell in pixels.
local function add_texts(marks, map, cell)
  local both = cell >= 46
  local size = cell >= 54 and style.label or cell >= 40 and style.small
    or cell >= 30 and style.tiny or 10
  if cell < 22 then return end
  for i, row in ipairs(map.counts) do
    for k, count in ipairs(row) do
      local shade = map.shades[i][k]
      local text = tostring(count)
      local colour = count == 0 and style.faint or shade > 0.85 and "#ffffff" or style.ink
      if style.width(text, size) <= cell + 4 then
        marks[#marks + 1] = { kind = "text", x = k, y = both and count > 0 and i - 0.14 or i,
          text = text, size = size, colour = colour }
      end
      if both and count > 0 then
        marks[#marks + 1] = { kind = "text", x = k, y = i + 0.22, text = percent(map.shares[i][k]),
          size = cell >= 58 and 12.5 or cell >= 54 and 11 or 10, colour = colour }
      end
    end
  end
end

local TOP, BOTTOM, RIGHT, NOTE = 14, 62, 14, 24 -- pixels

local function names_width(names) return math.ceil(style.widest(names)) end

-- The space below the cells, more if names are too long for horizontal text, and the width of
-- slanted names or false.
local function room_below(names, cell)
  local wide = math.min(names_width(names), 160)
  local slanted = cell >= 16 and wide > cell - 4
  return slanted and math.ceil(0.71 * wide) + 44 or BOTTOM, slanted and wide
end

local function lines_between(marks, size)
  for i = 0, size do
    local at = i + 0.5
    for _, ends in ipairs { { at, at, 0.5, size + 0.5 }, { 0.5, size + 0.5, at, at } } do
      marks[#marks + 1] = { kind = "rule", x0 = ends[1], x1 = ends[2], y0 = ends[3], y1 = ends[4],
        colour = style.grid, dash = "1", front = true }
    end
  end
end

-- Every skip-th name, no wider than `width`.
local function ticks_of(names, skip, width)
  local ticks = {}
  for i = 1, #names, skip do
    ticks[#ticks + 1] = { i, style.cut(names[i], style.small, width) }
  end
  return ticks
end

local function layout(map)
  local size = #map.counts
  return function(w, h)
    local left = math.ceil(math.min(names_width(map.names), 0.4 * w)) + 46
    local cell = math.min(w - left - RIGHT, h - TOP - BOTTOM - NOTE) / size
    local below, slanted = room_below(map.names, cell)
    cell = math.min(cell, (h - TOP - below - NOTE) / size)
    if cell >= 1 then cell = math.floor(cell) end
    cell = math.max(cell, 0.1)
    local side = cell * size
    -- if cells are narrow, only some are labelled
    local room = cell < 16 and math.max(18, math.min(names_width(map.names) + 4, 120)) or 18
    local ticks = ticks_of(map.names, math.max(1, math.ceil(18 / cell)), left - 46)
    local skip = math.max(1, math.ceil(room / cell))
    local x_ticks = ticks_of(map.names, skip, slanted or skip * cell)
    local marks = { { kind = "raster", raster = map.raster, x0 = 0.5, x1 = size + 0.5, y0 = 0.5,
      y1 = size + 0.5 } }
    if cell >= 8 then lines_between(marks, size) end
    add_texts(marks, map, cell)
    local box = { x = 0, y = 0, w = left + side + RIGHT, h = TOP + side + below }
    local panel = { axes = "ticks", xlabel = "predicted", ylabel = "true",
      margin = { left, RIGHT, TOP, below }, marks = marks,
      x = { 0.5, size + 0.5, ticks = x_ticks, slanted = slanted and below - 18 },
      y = { size + 0.5, 0.5, ticks = ticks } }
    local note = "percentages and the colours of errors: shares of the row"
    if style.width(note, style.tiny + 1) > w - 24 then note = "% of the row" end
    return { { panel, box } }, { { x = 12, y = box.h + 8, text = note, size = style.tiny + 1,
      colour = style.soft } }
  end
end

-- For terminals: a table of counts on the colours of the cells.
local function text(map)
  return function(columns, colours)
    local label_wide, wide = 4, 1
    for i, row in ipairs(map.counts) do
      label_wide = math.max(label_wide, utf8.len(style.clean(map.names[i])))
      for _, count in ipairs(row) do wide = math.max(wide, #tostring(count)) end
      wide = math.max(wide, math.min(6, utf8.len(style.clean(map.names[i]))))
    end
    label_wide = math.min(label_wide, 16)
    local per_row = (columns - label_wide - 1) // (wide + 2)
    if #map.counts > per_row then
      return picture_of.text(map.raster, math.min(columns, 2 * #map.counts), colours)
    end
    local head = { style.fit("true", label_wide, "") }
    for _, name in ipairs(map.names) do head[#head + 1] = " " .. style.fit(name, wide, "") end
    local lines = { table.concat(head, " ") .. "   (predicted)" }
    for i, row in ipairs(map.counts) do
      local cells = { style.fit(map.names[i], label_wide, "") }
      for k, count in ipairs(row) do
        local cell = " " .. style.fit(count == 0 and "·" or count, wide, "") .. " "
        cells[#cells + 1] = picture_of.shade(map.raster, i, k, colours, cell)
      end
      lines[#lines + 1] = cells[1] .. " " .. table.concat(cells, "", 2)
    end
    return table.concat(lines, "\n") .. "\n"
  end
end

local function draw(matrix, options)
  local counts = matrix.counts
  local names = texts_of(options.labels or matrix.names or matrix.labels, counts)
  local shares, worst = shares_of(counts)
  local map = { counts = counts, names = names, shares = shares }
  map.shades = shades_of(counts, map.shares, worst)
  map.raster = picture_of.colour(core.tensor(map.shades), "diverging", -1, 1)
  local size = #counts
  local cell = size <= 4 and 84 or size <= 12 and 62 or math.max(4, 700 // size)
  local side, left = cell * size, math.min(200, names_width(map.names)) + 46
  return { width = math.max(320, left + side + RIGHT), above = 33,
    height = TOP + side + room_below(map.names, cell) + NOTE,
    layout = layout(map), terminal = text(map) }
end

return plot.define({
  name = "confusion_matrix", arguments = 1,
  doc = "A confusion matrix: counts, and percentages of the row. Errors have their own colour " ..
    "scale.",
  params = {
    { "matrix", "record", open = true, required = true,
      doc = "what metrics.confusion_matrix returns", fields = {
        { "labels", "list", required = true, doc = "the labels of rows and columns" },
        { "counts", "list", of = { "list", of = "number" }, required = true,
          doc = "counts by true label, then by predicted label" },
        { "names", "list", doc = "names to show in place of the labels" } } },
    { "labels", "list", doc = "texts to show in place of the labels" },
  },
  example = "plot.confusion_matrix(cm):save \"confusion.png\"",
}, draw)
