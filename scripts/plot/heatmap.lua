-- plot.heatmap: the values of a two-dimensional tensor as colours.
local core = require "digits.core"
local picture_of = core.internals.picture
local mosaic = require "digits.plot.mosaic"
local plot = require "digits.plot.define"
local style = require "digits.plot.style"

local TOP, BOTTOM, LEFT, LEAST = 12, 56, 64, 48 -- pixels; LEAST: of height and width

-- Ticks at whole numbers from 1 to n: 1 and multiples of a round step.
local function counts(n, most)
  local ticks = style.ticks(1, n, most, true)
  if #ticks == 0 or ticks[1][1] ~= 1 then table.insert(ticks, 1, { 1, "1" }) end
  return ticks
end

local function layout(map)
  local shape = map.raster.shape
  return function(w, h)
    local wide, high = w - LEFT - mosaic.SCALE - 16, h - TOP - BOTTOM
    local k = math.min(wide / shape[2], high / shape[1])
    if k >= 1 then k = math.floor(k) end
    wide = math.max(k * shape[2], math.min(wide, LEAST))
    high = math.max(k * shape[1], math.min(high, LEAST))
    local panel = { axes = "ticks", xlabel = map.xlabel, ylabel = map.ylabel,
      margin = { LEFT, w - LEFT - wide - mosaic.SCALE - 16, TOP, BOTTOM },
      x = { 0.5, shape[2] + 0.5, ticks = counts(shape[2], math.max(2, wide // 60)) },
      y = { shape[1] + 0.5, 0.5, ticks = counts(shape[1], math.max(2, high // 60)) },
      marks = { { kind = "raster", raster = map.raster, x0 = 0.5, x1 = shape[2] + 0.5, y0 = 0.5,
        y1 = shape[1] + 0.5 } } }
    local box = { x = LEFT + wide + 16, y = TOP, w = mosaic.SCALE, h = high }
    return { { panel, { x = 0, y = 0, w = w - mosaic.SCALE - 16, h = TOP + high + BOTTOM } },
      { mosaic.scale(map.colours, map.low, map.high, box), box } }
  end
end

local ENDS = { cividis = { "blue", "yellow" }, diverging = { "blue", "orange" },
  blue = { "white", "blue" }, grey = { "white", "black" }, plain = { "blank", "dense" } }

local function text(map)
  return function(columns, colours)
    local plain = colours == "plain"
    local raster = plain and picture_of.colour(map.tensor, "grey", map.low, map.high) or map.raster
    local ends = ENDS[plain and "plain" or map.colours]
    return picture_of.text(raster, math.min(columns, 2 * raster.shape[2]), colours)
      .. ("%s is %s, %s is %s\n"):format(ends[1], style.number(map.low), ends[2],
        style.number(map.high))
  end
end

-- The range of the colours: symmetric about 0 if there are both signs.
local function span(tensor, options)
  local low, high = picture_of.range(tensor)
  if not low then plot.fail "heatmap: the tensor has no finite values" end
  local signed = low < 0 and high > 0
  if signed and not options.low and not options.high then
    high = math.max(-low, high)
    low = -high
  end
  low, high = options.low or low, options.high or high
  plot.ordered("heatmap", low, high)
  return low, high, signed
end

local function draw(tensor, options)
  local shape = tensor.shape
  if #shape == 3 and shape[3] == 1 then tensor = tensor:reshape { shape[1], shape[2] } end
  if #tensor.shape ~= 2 or shape[1] == 0 or shape[2] == 0 then
    plot.fail("heatmap: expected a tensor {height, width}, found shape %s; reshape it: " ..
      "t:reshape { 28, 28 }", tostring(shape))
  end
  local low, high, signed = span(tensor, options)
  local map = { tensor = tensor, low = low, high = high, xlabel = options.xlabel,
    ylabel = options.ylabel,
    colours = options.colours or (signed and "diverging" or "cividis") }
  map.raster = picture_of.colour(tensor, map.colours, low, high)
  local k = math.max(1, 420 // math.max(shape[1], shape[2]))
  local least = math.min(1, 420 / math.max(shape[1], shape[2]))
  local side_w = math.max(shape[2] * k * least, LEAST)
  local side_h = math.max(shape[1] * k * least, LEAST)
  return { width = math.max(280, side_w + LEFT + mosaic.SCALE + 16), above = 33,
    height = math.max(140, side_h + TOP + BOTTOM), layout = layout(map), terminal = text(map) }
end

return plot.define({
  name = "heatmap", doc = "The values of a two-dimensional tensor as colours.", arguments = 1,
  params = {
    { "tensor", "tensor", required = true, doc = "the values, {height, width}" },
    { "colours", "choice", choices = { "cividis", "blue", "grey", "diverging" },
      doc = "by default cividis, or diverging if values have both signs" },
    { "low", "number", doc = "the value at the low end of the colours; by default the least" },
    { "high", "number", doc = "the value at the high end of the colours; by default the greatest" },
    { "xlabel", "string", default = "column", doc = "the label of the x axis" },
    { "ylabel", "string", default = "row", doc = "the label of the y axis" },
  },
  example = "plot.heatmap(forest.feature_importances:reshape { 28, 28 }):show()",
}, draw)
