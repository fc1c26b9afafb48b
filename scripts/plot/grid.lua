-- plot.grid: pictures side by side.
local picture = require "digits.plot.picture"
local plot = require "digits.plot.define"

-- The starts of columns or rows as shares of the sum of their widths or heights, and this sum.
local function shares(pictures, count, place, side)
  local most, starts, sum = {}, { 0 }, 0
  for i, one in ipairs(pictures) do
    most[place(i)] = math.max(most[place(i)] or 0, one[side])
  end
  for i = 1, count do
    sum = sum + most[i]
    starts[i + 1] = sum
  end
  for i = 1, count + 1 do starts[i] = starts[i] / sum end
  return starts, sum
end

local function draw(options)
  local pictures = options.pictures
  local columns = math.min(options.columns, #pictures)
  local down = math.ceil(#pictures / columns)
  local function column(i) return (i - 1) % columns + 1 end
  local function row(i) return (i - 1) // columns + 1 end
  local lefts, width = shares(pictures, columns, column, "width")
  local tops, height = shares(pictures, down, row, "height")
  return {
    width = math.min(width, 10000), height = math.min(height + (options.title and 34 or 0), 10000),
    layout = function(w, h)
      local placed, texts = {}, {}
      for i, one in ipairs(pictures) do
        local x, y = lefts[column(i)] * w, tops[row(i)] * h
        local wide, high = lefts[column(i) + 1] * w - x, tops[row(i) + 1] * h - y
        picture.place(one, { x = x, y = y, w = wide, h = high }, placed, texts)
      end
      return placed, texts
    end,
    terminal = function(terminal_columns, colours)
      local parts = {}
      for i, one in ipairs(pictures) do
        parts[i] = picture.text(one, terminal_columns, colours)
      end
      return table.concat(parts, "\n")
    end,
  }
end

return plot.define({
  name = "grid", doc = "Pictures side by side.",
  params = {
    { "pictures", "list", of = "picture", rest = true, required = true,
      doc = "the pictures, row by row" },
    { "columns", "integer", low = 1, default = 2, doc = "the number of columns" },
  },
  example = "plot.grid { plot.history(a), plot.history(b) }:save \"both.svg\"",
}, draw)
