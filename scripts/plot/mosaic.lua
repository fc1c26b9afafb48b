-- Small images in rows and columns, each with a caption below it, and their colour scale.
local core = require "digits.core"
local picture_of = core.internals.picture
local style = require "digits.plot.style"

local mosaic = {}

local GAP, CAPTION, NOTE, EDGE = 10, 22, 24, 14 -- pixels
local LINE, SMALLEST, WIDEST = 15, 10, 160 -- captions in two lines
mosaic.SCALE = 92                               -- the width of the colour scale

-- The panel of a colour scale from low to high that fills a box.
function mosaic.scale(colours, low, high, box, label)
  local steps = {}
  for i = 1, 128 do steps[i] = { i - 1 } end
  local raster = picture_of.colour(core.tensor(steps), colours, 0, 127)
  local ticks = low < high and style.ticks(low, high, math.max(2, math.min(6, box.h // 45)))
    or { { low, style.number(low) } }
  if low == high then low, high = low - 0.5, high + 0.5 end
  return { axes = "ticks", margin = { 4, box.w - 22, 0, 0 }, x = { 0, 1 },
    y = { low, high, ticks = ticks, right = true }, ylabel = label,
    marks = { { kind = "raster", raster = raster, x0 = 0, x1 = 1, y0 = low, y1 = high },
      { kind = "box", x0 = 0, x1 = 1, y0 = low, y1 = high, colour = style.soft } } }
end

-- The number of columns for `count` images: few enough to look good, preferably with full rows.
function mosaic.columns(count)
  local wide = math.max(math.min(count, 5), math.min(10, math.ceil(math.sqrt(1.7 * count))))
  for _, more in ipairs { 0, -1, 1, 2 } do
    if wide + more > 2 and wide + more <= 10 and count % (wide + more) == 0 then
      return wide + more
    end
  end
  return math.max(1, wide)
end

-- Whether any breakable caption is too long for one line of `width` pixels.
local function needs_two_lines(images, width)
  for i in pairs(images.lines or {}) do
    if style.width(images.captions[i], SMALLEST) > width then return true end
  end
  return false
end

-- The lines below image i.
local function lines_of(images, i, two)
  return two and images.lines[i] or { images.captions and images.captions[i] or "" }
end

-- The default size of a sheet. images: what `layout` takes.
local function size_of(images)
  local down = math.ceil(#images.rasters / images.columns)
  local shape = images.rasters[1].shape
  local room = math.max(40, math.min(84, 760 // images.columns - GAP))
  local k = math.max(1, room // math.max(shape[1], shape[2])) -- pixels per pixel
  local cell = math.max(k * shape[2], images.captions and 44 or 0)
  local two = needs_two_lines(images, cell + GAP - 2)
  for i = 1, two and #images.rasters or 0 do
    for _, line in ipairs(lines_of(images, i, true)) do
      cell = math.max(cell, math.min(WIDEST, math.ceil(style.width(line, style.tiny))))
    end
  end
  cell = cell + GAP
  return math.max(240, images.columns * cell + 2 * EDGE + (images.scale and mosaic.SCALE or 0)),
    down * (k * shape[1] + GAP + (images.captions and CAPTION or 0) + (two and LINE or 0))
      + 2 * EDGE + (images.note and NOTE or 0)
end

-- The greatest font size at which all captions fit; the usual one if none is small enough.
local function caption_size(images, two, width)
  for _, size in ipairs { style.small, style.tiny, SMALLEST } do
    local fit = true
    for i = 1, #images.rasters do
      for _, text in ipairs(lines_of(images, i, two)) do
        fit = fit and style.width(text, size) <= width
      end
    end
    if fit then return size end
  end
  return two and SMALLEST or style.small
end

-- images: rasters, columns; and, optionally, captions, lines { [i] = the caption in two lines, used
-- if it is too long for one }, framed { [i] = true }, note, scale { colours, low, high }.
local function layout_of(images)
  local count, columns = #images.rasters, images.columns
  local down = math.ceil(count / columns)
  local shape = images.rasters[1].shape
  return function(w, h)
    local right = images.scale and mosaic.SCALE or 0
    local cell_w = (w - 2 * EDGE - right) / columns
    local cell_h = (h - 2 * EDGE - (images.note and NOTE or 0)) / down
    local two = needs_two_lines(images, cell_w - 2)
    local caption = (images.captions and CAPTION or 0) + (two and LINE or 0)
    local k = math.min((cell_w - GAP) / shape[2], (cell_h - GAP - caption) / shape[1])
    k = k >= 1 and math.floor(k) or math.max(k, 0.05)
    local wide, high, marks = k * shape[2], k * shape[1], {}
    cell_h = math.min(cell_h, high + caption + GAP)
    local size = caption_size(images, two, cell_w - 2)
    for i, raster in ipairs(images.rasters) do
      local x = math.floor(EDGE + (i - 1) % columns * cell_w + (cell_w - wide) / 2)
      local y = math.floor(EDGE + (i - 1) // columns * cell_h)
      local wrong = images.framed and images.framed[i]
      local edge = wrong and 3 or 1
      marks[#marks + 1] = { kind = "plate", x0 = x - edge, x1 = x + wide + edge, y0 = y - edge,
        y1 = y + high + edge, colour = wrong and style.wrong or style.faint }
      marks[#marks + 1] = { kind = "raster", raster = raster, x0 = x, x1 = x + wide, y0 = y,
        y1 = y + high }
      if images.captions then
        for n, line in ipairs(lines_of(images, i, two)) do
          marks[#marks + 1] = { kind = "text", x = x + wide / 2, y = y + high + 13 + (n - 1) * LINE,
            size = size, text = style.cut(line, size, cell_w - 2),
            colour = wrong and style.wrong or style.ink }
        end
      end
    end
    if images.note then
      local y = 2 * EDGE + down * cell_h + NOTE - 16
      marks[#marks + 1] = { kind = "text", x = EDGE, y = math.min(y, h - 16), text = images.note,
        size = style.tiny + 1, colour = style.soft, align = "left" }
    end
    local placed = { { { axes = false, margin = { 0, 0, 0, 0 }, x = { 0, w }, y = { h, 0 },
      marks = marks }, { x = 0, y = 0, w = w, h = h } } } -- the axes are in pixels
    if images.scale then
      local tall = math.min(h - 2 * EDGE, 260)
      local box = { x = w - right, y = EDGE, w = right, h = tall }
      placed[2] = { mosaic.scale(images.scale[1], images.scale[2], images.scale[3], box), box }
    end
    return placed
  end
end

-- ---- terminals ----

-- Texts of equal height side by side, with `gap` between them.
local function beside(blocks, gap)
  local lines = {}
  for _, block in ipairs(blocks) do
    local n = 0
    for line in block:gmatch "([^\n]*)\n" do
      n = n + 1
      lines[n] = lines[n] and lines[n] .. gap .. line or line
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

-- The images as text, with captions below them.
local function text_of(images)
  return function(columns, colours)
    local width = images.rasters[1].shape[2]
    local wide = width
    while wide > 16 and (columns + 2) // (wide + 2) < math.min(5, #images.rasters) do
      wide = math.ceil(wide / 2)
    end
    wide = math.min(wide, columns)
    if wide < 12 then wide = wide * (12 // wide) end
    local texts, cell = {}, wide
    for i = 1, #images.rasters do
      texts[i] = style.clean(images.captions and images.captions[i] or ""):gsub("\n", " ")
      if images.framed and images.framed[i] then texts[i] = texts[i] .. " ✗" end
      cell = math.max(cell, math.min(columns, utf8.len(texts[i])))
    end
    local a_line = math.max(1, math.min(images.columns, (columns + 2) // (cell + 2)))
    local parts = {}
    for first = 1, #images.rasters, a_line do
      local blocks, captions = {}, {}
      for i = first, math.min(first + a_line - 1, #images.rasters) do
        blocks[#blocks + 1] = picture_of.text(images.rasters[i], wide, colours)
        captions[#captions + 1] = texts[i] .. (" "):rep(cell + 2 - utf8.len(texts[i]))
      end
      parts[#parts + 1] = beside(blocks, (" "):rep(cell - wide + 2))
      if images.captions then
        parts[#parts + 1] = table.concat(captions):gsub(" +$", "") .. "\n"
      end
      parts[#parts + 1] = "\n"
    end
    if images.note then parts[#parts + 1] = images.note .. "\n" end
    return table.concat(parts)
  end
end

-- What picture.new takes.
function mosaic.new(images)
  local width, height = size_of(images)
  return { width = width, height = height, above = 33, layout = layout_of(images),
    terminal = text_of(images) }
end

return mosaic
